import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { packMemoSchema, type PackInput } from '../../contracts/pack';
import { searchAttributes as names } from '../../contracts/search-attributes';
import type { QueueRecord } from './queue-record';

export interface CoveringPack {
  workflowId: string;
  lastOffset: bigint;
}

/**
 * The pack that holds the first of these records in its middle, if there is one. Where a record is the first of its
 * pack, starting that pack again already tells. `undecided` when a pack of that range exists, but holds none of these
 * offsets as a job: it may be this one, with nothing but poison here, or one of an earlier topic of the same name.
 *
 * @param records at least one, of one partition, in order
 */
export type FindCoveringPack = (records: QueueRecord[]) => Promise<CoveringPack | 'undecided' | undefined>;

/** Asks Temporal's visibility store, and checks what it finds against the history: the topic may have been made anew. */
export function createFindCoveringPack(client: Client): FindCoveringPack {
  return async (records) => {
    const [first] = records;
    if (!first) return undefined;
    const { topic, partition, offset } = first;
    let undecided = false;
    const query =
      `${names.partition.name} = '${topic}-${partition}'` +
      ` AND ${names.firstOffset.name} < ${offset} AND ${names.lastOffset.name} >= ${offset}`;
    for await (const found of client.workflow.list({ query, pageSize: 10 })) {
      const memo = packMemoSchema.safeParse(found.memo);
      if (!memo.success) continue;
      const holds = await holdsOneOf(found.workflowId, found.runId, records);
      if (holds) return { workflowId: found.workflowId, lastOffset: BigInt(memo.data.lastOffset) };
      undecided ||= holds === undefined;
    }
    return undecided ? 'undecided' : undefined;
  };

  /** Whether the pack holds one of the records as a job; undefined when it holds none of their offsets. */
  async function holdsOneOf(
    workflowId: string,
    runId: string,
    records: QueueRecord[],
  ): Promise<boolean | undefined> {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    if (!payload) return false;
    const { jobs } = defaultPayloadConverter.fromPayload<PackInput>(payload);
    const timestamps = new Map(records.map((record) => [String(record.offset), record.timestamp]));
    const same = jobs.flatMap(({ source }) =>
      source.door === 'kafka' && timestamps.has(source.offset) ? [source] : [],
    );
    if (same.length === 0) return undefined;
    return same.some(({ offset, timestamp }) => timestamps.get(offset) === timestamp);
  }
}
