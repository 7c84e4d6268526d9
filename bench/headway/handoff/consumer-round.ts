import { PROCESS_PACK } from '../../../contracts/workflow-names';
import { createTopics, deleteTopics } from '../../compare/run-topics';
import { startUsageMeter } from '../../compare/usage';
import { within } from '../../compare/within';
import { PARTITIONS, produceJobs } from '../../kafka-load';
import type { BenchStack } from '../bench-stack';
import { startsLikeTheBridge } from './bare-loop';
import { toRound, type Round } from './round';

const ROUND_MS = 180_000;

/**
 * The least that any bridge has to do: a consumer that starts the workflow of each record, partitions beside each other, and commits behind it, without
 * waiting for the commit. Records are not even read: what is started was put together before. All are on the topic before it begins; the clock
 * runs from when `warmUp` of them are handed over until the last commit is answered.
 */
export async function consumerRound(
  { kafka, client, temporalPids, databasePids }: BenchStack,
  { round, records, warmUp }: { round: number; records: number; warmUp: number },
): Promise<Round> {
  const topic = `handoff-consumer-${round}-${Date.now()}`;
  const topics = { queue: topic, results: `${topic}-results`, dlq: `${topic}-dlq` };
  const starts = startsLikeTheBridge(topic, warmUp + records);
  const consumer = kafka.consumer({ groupId: topic });
  const commits: Promise<void>[] = [];
  let left = warmUp + records;
  let begin = () => {};
  const warmedUp = new Promise<void>((resolve) => (begin = resolve));
  let finish = () => {};
  let fail: (error: unknown) => void = () => {};
  const allStarted = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));
  try {
    await createTopics(kafka, topics, PARTITIONS);
    await produceJobs(kafka, topic, warmUp + records);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: PARTITIONS,
      eachBatch: async (payload) => {
        const { partition, messages } = payload.batch;
        for (const { offset } of messages) {
          await client.workflow.start(PROCESS_PACK, starts.pop()!).catch((error: unknown) => {
            fail(error);
            throw error;
          });
          const next = String(BigInt(offset) + 1n);
          const commit = consumer.commitOffsets([{ topic, partition, offset: next }]);
          commit.catch(fail);
          commits.push(commit);
          await payload.heartbeat();
          left -= 1;
          if (left <= records) begin();
          if (left === 0) finish();
        }
      },
    });
    await within(ROUND_MS, 'warming up a consumer', Promise.race([warmedUp, allStarted]));
    const measured = left;
    const meter = startUsageMeter(() => ({ server: [...temporalPids(), ...databasePids()] }));
    const cpuBefore = process.cpuUsage();
    const beganAt = performance.now();
    await within(ROUND_MS, 'handing over by a consumer', allStarted);
    await within(ROUND_MS, 'the commits of a consumer', Promise.all(commits));
    const ms = performance.now() - beganAt;
    const { user, system } = process.cpuUsage(cpuBefore);
    const server = meter.stop().server.cpuMs;
    return toRound(
      { way: 'consumer', round, records: measured, ms },
      { own: (user + system) / 1_000, server },
    );
  } finally {
    await consumer.disconnect();
    await deleteTopics(kafka, topics);
  }
}
