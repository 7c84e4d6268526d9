/**
 * Search attributes of Headway workflows, in the form of Temporal's SDK (`SearchAttributeKey`), so that they can be used as its keys. The stack
 * registers them; deploy/temporal does it elsewhere.
 */
export const searchAttributes = {
  /** Ids of all jobs a workflow carries. */
  jobIds: { name: 'HeadwayJobIds', type: 'KEYWORD_LIST' },
  pipelines: { name: 'HeadwayPipelines', type: 'KEYWORD_LIST' },
  tenants: { name: 'HeadwayTenants', type: 'KEYWORD_LIST' },
  /** `scheduled` while all its jobs wait for their `notBefore`, `running` until the workflow ends, then the status all its jobs share, or `mixed`. */
  status: { name: 'HeadwayStatus', type: 'KEYWORD' },
  /** `<topic>-<partition>` the jobs came from. */
  partition: { name: 'HeadwayPartition', type: 'KEYWORD' },
  firstOffset: { name: 'HeadwayFirstOffset', type: 'INT' },
  lastOffset: { name: 'HeadwayLastOffset', type: 'INT' },
  jobCount: { name: 'HeadwayJobCount', type: 'INT' },
  /** A whole number all the same: on SQL databases Temporal has three columns of each type, and the Ints are used up. */
  failedCount: { name: 'HeadwayFailedCount', type: 'DOUBLE' },
} as const;
