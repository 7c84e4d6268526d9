import type { Client } from '@temporalio/client';
import { packWorkflowId } from '../../contracts/ids';
import { packMemoSchema, type PackInput } from '../../contracts/pack';
import { searchAttributes as names } from '../../contracts/search-attributes';
import { readPayload } from '../../runtime/payload-store/read-payload';
import type { QueueRecord } from './queue-record';

/** A pack that holds some of the records as jobs. The offsets are those of its first job and of the last record it covers. */
export interface ExistingPack {
  workflowId: string;
  firstOffset: bigint;
  lastOffset: bigint;
}

export interface ExistingPacks {
  /** In order of their offsets. */
  packs: ExistingPack[];
  /**
   * Packs may be met further on, so look again with the next records. Also true for a pack of this range that may be of these
   * records or of an earlier topic: nothing here tells them apart.
   */
  more: boolean;
}

/**
 * The packs that reach into the range of these records. Known to Temporal's visibility store, which lags a little behind; a
 * pack that is missing there is met again when it is started once more.
 *
 * @param records at least one, of one partition, in order
 */
export type FindExistingPacks = (records: QueueRecord[]) => Promise<ExistingPacks>;

const REQUEST_TIMEOUT_MS = 10_000;

const NOT_FOUND = 5;

/** Asks Temporal, and believes it only where the timestamps agree: the topic may have been made anew. */
export function createFindExistingPacks(client: Client): FindExistingPacks {
  return (records) => client.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, () => find(records));

  async function find(records: QueueRecord[]): Promise<ExistingPacks> {
    const [first] = records;
    const last = records.at(-1);
    const existing: ExistingPacks = { packs: [], more: false };
    if (!first || !last) return existing;
    const byOffset = new Map(records.map((record) => [record.offset, record]));
    const ofPartition = `${names.partition.name} = '${first.topic}-${first.partition}'`;
    const query = `${ofPartition} AND ${names.firstOffset.name} <= ${last.offset} AND ${names.lastOffset.name} >= ${first.offset}`;
    for await (const { workflowId, runId, memo, typedSearchAttributes } of client.workflow.list({ query })) {
      const { success, data } = packMemoSchema.safeParse(memo);
      const firstOffset = typedSearchAttributes.get(names.firstOffset);
      if (!success || firstOffset === undefined) continue;
      const pack = { workflowId, firstOffset: BigInt(firstOffset), lastOffset: BigInt(data.lastOffset) };
      const record = byOffset.get(pack.firstOffset);
      // Its id carries the timestamp of its first job. Only where that record is not at hand does the history have to tell.
      const holds = record ? isPackOf(record, workflowId) : await holdsOneOf(workflowId, runId, byOffset);
      if (holds) existing.packs.push(pack);
      existing.more ||= holds !== false;
    }
    // A stretch without packs, say of records that were poison once, says nothing about what is behind it.
    existing.more ||= await any(`${ofPartition} AND ${names.firstOffset.name} > ${last.offset}`);
    existing.packs.sort((a, b) => Number(a.firstOffset - b.firstOffset));
    return existing;
  }

  async function any(query: string): Promise<boolean> {
    for await (const _ of client.workflow.list({ query, pageSize: 1 })) return true;
    return false;
  }

  /** Whether the pack holds one of the records as a job; undefined when it holds none of their offsets. */
  async function holdsOneOf(
    workflowId: string,
    runId: string,
    byOffset: Map<bigint, QueueRecord>,
  ): Promise<boolean | undefined> {
    const payload = await inputOf(workflowId, runId);
    if (!payload) return false;
    const { jobs } = await readPayload<PackInput>(client, payload);
    const timestamps = jobs.flatMap(({ source }) => {
      const record = source.door === 'kafka' ? byOffset.get(BigInt(source.offset)) : undefined;
      return record ? [record.timestamp === source.timestamp] : [];
    });
    return timestamps.length === 0 ? undefined : timestamps.includes(true);
  }

  /** Undefined also where Temporal has forgotten the workflow, and visibility has not yet: nobody recognises its records any more. */
  async function inputOf(workflowId: string, runId: string) {
    try {
      const { history } = await client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      });
      return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
      return undefined;
    }
  }
}

function isPackOf({ topic, partition, offset, timestamp }: QueueRecord, workflowId: string): boolean {
  return workflowId === packWorkflowId({ topic, partition, offset: String(offset), timestamp });
}
