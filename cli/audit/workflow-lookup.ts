import { readCarriedJobs } from '../../bridge/read-carried-jobs';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { packMemoSchema, type PackJob } from '../../contracts/pack';
import { searchAttributes as names } from '../../contracts/search-attributes';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';

/** A workflow as the audit sees it. */
export interface FoundWorkflow {
  workflowId: string;
  runId: string;
  /** `RUNNING`, or how it was closed: `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED`, `TIMED_OUT`. */
  status: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** When it was closed; absent while it runs. */
  closedAt?: number;
}

/** A pack: its jobs lie between these offsets of its partition, both included. */
export interface FoundPack extends FoundWorkflow {
  firstOffset: number;
  lastOffset: number;
  /** Fewer than the records it covers when some of them are no jobs of it. */
  jobCount: number;
}

/** What the audit asks Temporal. */
export interface WorkflowLookup {
  /** Packs that reach into these offsets. From the visibility store, which lags a little behind. */
  packs(partition: number, from: number, to: number, only?: 'open'): AsyncIterable<FoundPack>;
  /** Strongly consistent; undefined when there is no such pack. */
  pack(workflowId: string): Promise<FoundPack | undefined>;
  /** Jobs that have left their pack and still run. From the visibility store. */
  openJobs(): AsyncIterable<FoundWorkflow & { jobId: string }>;
  /** The job ids of each running workflow, whatever topic or door its jobs came from. From the visibility store. */
  openJobIds(): AsyncIterable<string[]>;
  /** A workflow by its id, strongly consistent. */
  workflow(workflowId: string): Promise<FoundWorkflow | undefined>;
  /** The jobs a workflow was started with; undefined once Temporal has forgotten its history. */
  jobsOf(workflow: Pick<FoundWorkflow, 'workflowId' | 'runId'>): Promise<PackJob[] | undefined>;
}

const REQUEST_TIMEOUT_MS = 10_000;

export function createWorkflowLookup(client: Client, topic: string): WorkflowLookup {
  const withDeadline = <T>(request: () => Promise<T>) =>
    client.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, request);

  return {
    async *packs(partition, from, to, only) {
      const query =
        `${names.partition.name} = '${topic}-${partition}'` +
        ` AND ${names.firstOffset.name} <= ${to} AND ${names.lastOffset.name} >= ${from}` +
        (only === 'open' ? " AND ExecutionStatus = 'Running'" : '');
      for await (const info of client.workflow.list({ query, pageSize: 1_000 })) {
        const pack = toPack(info);
        if (pack) yield pack;
      }
    },
    async pack(workflowId) {
      const info = await describe(workflowId);
      return info && toPack(info);
    },
    async *openJobs() {
      const query = `WorkflowType = '${PROCESS_JOB}' AND ExecutionStatus = 'Running'`;
      for await (const info of client.workflow.list({ query, pageSize: 1_000 })) {
        const [jobId] = jobIdsOf(info);
        if (jobId !== undefined) yield { ...toWorkflow(info), jobId };
      }
    },
    async *openJobIds() {
      const query = `WorkflowType IN ('${PROCESS_PACK}', '${PROCESS_JOB}') AND ExecutionStatus = 'Running'`;
      for await (const info of client.workflow.list({ query, pageSize: 1_000 })) yield jobIdsOf(info);
    },
    async workflow(workflowId) {
      const info = await describe(workflowId);
      return info && toWorkflow(info);
    },
    jobsOf: ({ workflowId: id, runId }) => withDeadline(() => readCarriedJobs(client, { id, runId })),
  };

  async function describe(workflowId: string) {
    try {
      return await withDeadline(() => client.workflow.getHandle(workflowId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }
}

type Info = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'status' | 'startTime' | 'closeTime' | 'memo' | 'typedSearchAttributes'
>;

function jobIdsOf({ typedSearchAttributes }: Info): string[] {
  return typedSearchAttributes.get(names.jobIds) ?? [];
}

function toWorkflow({ workflowId, runId, status, startTime, closeTime }: Info): FoundWorkflow {
  const times = { startedAt: startTime.getTime(), closedAt: closeTime?.getTime() };
  return { workflowId, runId, status: status.name, ...times };
}

/** Undefined when it is not a pack from Kafka. */
function toPack(info: Info): FoundPack | undefined {
  const memo = packMemoSchema.safeParse(info.memo);
  const firstOffset = info.typedSearchAttributes.get(names.firstOffset);
  const jobCount = info.typedSearchAttributes.get(names.jobCount);
  if (!memo.success || firstOffset === undefined) return undefined;
  const lastOffset = Number(memo.data.lastOffset);
  return { ...toWorkflow(info), firstOffset, lastOffset, jobCount: jobCount ?? 0 };
}
