/** Search attributes of Headway workflows. The stack registers them; docs/reference tells how to do it by hand. */
export const searchAttributes = {
  /** Ids of all jobs a workflow carries. */
  jobIds: { name: 'HeadwayJobIds', type: 'KeywordList' },
  pipelines: { name: 'HeadwayPipelines', type: 'KeywordList' },
  tenants: { name: 'HeadwayTenants', type: 'KeywordList' },
  /** `running` until the workflow ends, then the status all its jobs share, or `mixed`. */
  status: { name: 'HeadwayStatus', type: 'Keyword' },
  /** `<topic>-<partition>` the jobs came from. */
  partition: { name: 'HeadwayPartition', type: 'Keyword' },
  firstOffset: { name: 'HeadwayFirstOffset', type: 'Int' },
  lastOffset: { name: 'HeadwayLastOffset', type: 'Int' },
  jobCount: { name: 'HeadwayJobCount', type: 'Int' },
  /** A whole number all the same: on SQL databases Temporal has three columns of each type, and the Ints are used up. */
  failedCount: { name: 'HeadwayFailedCount', type: 'Double' },
} as const;
