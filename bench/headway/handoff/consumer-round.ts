import type { EachBatchPayload } from 'kafkajs';
import { createCommitter } from '../../../bridge/kafka/committer';
import { PROCESS_PACK } from '../../../contracts/workflow-names';
import { createTopics, deleteTopics } from '../../compare/run-topics';
import { startUsageMeter } from '../../compare/usage';
import { within } from '../../compare/within';
import { PARTITIONS, produceJobs } from '../../kafka-load';
import type { BenchStack } from '../bench-stack';
import { startsLikeTheBridge } from './bare-loop';
import { createGate } from './gate';
import { toRound, type Round } from './round';

const ROUND_MS = 180_000;

/**
 * What is left of a bridge when it does nothing with a record: a consumer that starts the workflow of each, partitions beside each other, and commits behind
 * it as the bridge does, no sooner than 40 ms after the commit before. What is started was put together before, and nothing is checked, looked for or written
 * down. All records are on the topic before it begins. When it has handed over `warmUp` of them it stands still, so that nothing is under way
 * when the clock begins; it runs until the last commit is answered. Most records have been fetched by then, and the process that fetches
 * them has done so in earlier rounds: both are in its favour.
 */
export async function consumerRound(
  { kafka, client, temporalPids, databasePids }: BenchStack,
  {
    round,
    records,
    warmUp,
    log,
  }: { round: number; records: number; warmUp: number; log: (line: string) => void },
): Promise<Round> {
  const topic = `handoff-consumer-${round}-${Date.now()}`;
  const topics = { queue: topic, results: `${topic}-results`, dlq: `${topic}-dlq` };
  const starts = startsLikeTheBridge(topic, warmUp + records);
  const consumer = kafka.consumer({ groupId: topic });
  const committer = createCommitter(
    (next) =>
      consumer.commitOffsets(
        [...next].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
      ),
    { warn: (...said: unknown[]) => log(`a commit of the plain consumer failed: ${JSON.stringify(said)}`) },
  );
  const gate = createGate([warmUp, records]);

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { partition, messages } = payload.batch;
    for (const { offset } of messages) {
      if (!(await gate.enter())) return;
      if (!payload.isRunning())
        return gate.fail(new Error('the plain consumer was stopped, or lost its partitions'));
      try {
        await client.workflow.start(PROCESS_PACK, starts.pop()!);
        committer.durable(partition, BigInt(offset) + 1n);
        await payload.heartbeat();
      } catch (error) {
        gate.fail(error);
        throw error;
      }
      gate.leave();
    }
  }

  try {
    await createTopics(kafka, topics, PARTITIONS);
    await produceJobs(kafka, topic, warmUp + records);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: PARTITIONS, eachBatch });
    await within(ROUND_MS, 'warming up a consumer', gate.passed());
    await committer.flush();
    const meter = startUsageMeter(() => ({ server: [...temporalPids(), ...databasePids()] }));
    const cpuBefore = process.cpuUsage();
    const beganAt = performance.now();
    await within(ROUND_MS, 'handing over by a consumer', gate.passed());
    await committer.flush();
    const ms = performance.now() - beganAt;
    const { user, system } = process.cpuUsage(cpuBefore);
    const server = meter.stop().server.cpuMs;
    return toRound({ way: 'consumer', round, records, ms }, { own: (user + system) / 1_000, server });
  } finally {
    gate.close();
    await consumer.disconnect();
    await deleteTopics(kafka, topics);
  }
}
