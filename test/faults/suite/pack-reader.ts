import { WorkflowNotFoundError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { packMemoSchema, type PackInput } from '../../../contracts/pack';
import { searchAttributes as names } from '../../../contracts/search-attributes';
import { readPayload } from '../../../runtime/payload-store/read-payload';

/** A pack as Temporal lists it. The range has both ends included. */
export interface ListedPack {
  workflowId: string;
  runId: string;
  lastOffset: number;
}

export interface JobInPack {
  jobId: string;
  partition: number;
  offset: number;
  timestamp: number;
}

export interface ReadPack {
  /** When the server wrote it down, milliseconds since 1970. */
  startedAt: number;
  jobs: JobInPack[];
}

export interface PackReader {
  /** Packs that reach into these offsets, or all of the partition. From the visibility store, which lags a little behind. */
  list(partition: number, range?: { from: number; to: number }): Promise<ListedPack[]>;
  /** By its id: never late. Undefined when there is no such pack. */
  find(workflowId: string): Promise<ListedPack | undefined>;
  /** What its history says. */
  read(pack: ListedPack): Promise<ReadPack>;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** Packs of one queue topic. Shares no query with the program, so that one mistake is not made on both sides. */
export function createPackReader(client: Client, queue: string): PackReader {
  const withDeadline = <T>(request: () => Promise<T>) =>
    client.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, request);

  return {
    list: (partition, range) =>
      withDeadline(async () => {
        const within = range
          ? ` AND ${names.firstOffset.name} <= ${range.to} AND ${names.lastOffset.name} >= ${range.from}`
          : '';
        const query = `${names.partition.name} = '${queue}-${partition}'${within}`;
        const packs: ListedPack[] = [];
        for await (const info of client.workflow.list({ query, pageSize: 500 })) packs.push(toPack(info));
        return packs;
      }),
    async find(workflowId) {
      try {
        return toPack(await withDeadline(() => client.workflow.getHandle(workflowId).describe()));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },
    async read({ workflowId, runId }) {
      const { history } = await withDeadline(() =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace: client.options.namespace,
          execution: { workflowId, runId },
          maximumPageSize: 1,
        }),
      );
      const event = history?.events?.[0];
      const payload = event?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
      if (!event?.eventTime || !payload) throw new Error(`No input in the history of ${workflowId}`);
      const { seconds, nanos } = event.eventTime;
      const { jobs } = await readPayload<PackInput>(client, payload);
      return {
        startedAt: Number(seconds) * 1_000 + (nanos ?? 0) / 1_000_000,
        jobs: jobs.flatMap(({ id, source }) => {
          if (source.door !== 'kafka') return [];
          const { partition, offset, timestamp } = source;
          return [{ jobId: id, partition, offset: Number(offset), timestamp }];
        }),
      };
    },
  };
}

function toPack({
  workflowId,
  runId,
  memo,
}: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'memo'>): ListedPack {
  return { workflowId, runId, lastOffset: Number(packMemoSchema.parse(memo).lastOffset) };
}
