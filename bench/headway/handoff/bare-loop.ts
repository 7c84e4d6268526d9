import { packWorkflowId } from '../../../contracts/ids';
import { PROCESS_PACK } from '../../../contracts/workflow-names';
import { pipelineNamed } from '../../../pipelines/registry';
import { readRecord } from '../../../bridge/kafka/read-record';
import { packStartOptions } from '../../../bridge/start-pack';
import { startUsageMeter } from '../../compare/usage';
import { benchRequest, PARTITIONS } from '../../kafka-load';
import type { BenchStack } from '../bench-stack';
import { toRound, type Round } from './round';

/**
 * Starts that many workflows, `concurrency` at a time, and does nothing else: what Temporal is asked for is what the bridge asks for with
 * packs of one, and is put together before the clock runs.
 */
export async function bareRound(
  { client, temporalPids, databasePids }: BenchStack,
  { round, records, concurrency }: { round: number; records: number; concurrency: number },
): Promise<Round> {
  const topic = `bare-${round}-${Date.now()}`;
  const starts = startsLikeTheBridge(topic, records);
  const meter = startUsageMeter(() => ({ server: [...temporalPids(), ...databasePids()] }));
  const cpuBefore = process.cpuUsage();
  const beganAt = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let next = starts.pop(); next; next = starts.pop()) {
        await client.workflow.start(PROCESS_PACK, next);
      }
    }),
  );
  const ms = performance.now() - beganAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const server = meter.stop().server.cpuMs;
  return toRound({ way: 'bare', round, records, ms }, { own: (user + system) / 1_000, server });
}

/** Options of starts like those of a bridge with packs of one. */
export function startsLikeTheBridge(topic: string, count: number) {
  const queues = { taskQueue: topic, llmTaskQueue: `${topic}-llm` };
  const timestamp = Date.now();
  const value = Buffer.from(benchRequest);
  return Array.from({ length: count }, (_, index) => {
    const at = { topic, partition: index % PARTITIONS, timestamp };
    const offset = BigInt(Math.floor(index / PARTITIONS));
    const job = readRecord({ ...at, offset, key: null, value, headers: {} }, pipelineNamed);
    const range = { partition: `${topic}-${at.partition}`, firstOffset: offset, lastOffset: offset };
    const workflowId = packWorkflowId({ ...at, offset: String(offset) });
    return packStartOptions({ workflowId, jobs: [job], range }, { ...queues, pipelineNamed });
  });
}
