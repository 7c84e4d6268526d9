import { readCarriedJobs } from '../../bridge/read-carried-jobs';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
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
      for await (const raw of listWithoutMemos(query)) {
        const [jobId] = rawJobIdsOf(raw);
        if (jobId !== undefined) yield { ...toOpenWorkflow(raw), jobId };
      }
    },
    async *openJobIds() {
      const query = `WorkflowType IN ('${PROCESS_PACK}', '${PROCESS_JOB}') AND ExecutionStatus = 'Running'`;
      for await (const raw of listWithoutMemos(query)) yield rawJobIdsOf(raw);
    },
    async workflow(workflowId) {
      const info = await describe(workflowId);
      return info && toWorkflow(info);
    },
    jobsOf: ({ workflowId: id, runId }) => withDeadline(() => readCarriedJobs(client, { id, runId })),
  };

  /** These are of all topics and doors. The memo of one may lie in a payload store that is away, and the client would read it. */
  async function* listWithoutMemos(query: string): AsyncIterable<RawExecution> {
    const { namespace } = client.options;
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await client.workflowService.listWorkflowExecutions({
        namespace,
        query,
        pageSize: 1_000,
        nextPageToken,
      });
      yield* page.executions;
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
  }

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

type RawExecution = Awaited<
  ReturnType<Client['workflowService']['listWorkflowExecutions']>
>['executions'][number];

function rawJobIdsOf({ searchAttributes }: RawExecution): string[] {
  const payload = searchAttributes?.indexedFields?.[names.jobIds.name];
  return payload ? defaultPayloadConverter.fromPayload<string[]>(payload) : [];
}

function toOpenWorkflow({ execution, startTime }: RawExecution): FoundWorkflow {
  return {
    workflowId: execution?.workflowId ?? '',
    runId: execution?.runId ?? '',
    status: 'RUNNING',
    startedAt: Number(startTime?.seconds ?? 0) * 1_000 + Math.floor((startTime?.nanos ?? 0) / 1e6),
  };
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
