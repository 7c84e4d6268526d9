import { readProcessTable, treeOf } from '../../compare/process-table';
import { createTopics, deleteTopics } from '../../compare/run-topics';
import { startUsageMeter, type UsageMeter } from '../../compare/usage';
import { startBridge } from '../../headway-processes';
import { committedSum, PARTITIONS, produceJobs } from '../../kafka-load';
import type { BenchStack } from '../bench-stack';
import { until } from '../until';
import { nextAskMs } from './next-ask';
import { toRound, type Round } from './round';

/** No worker takes what is started, and the bridge is not to mind. */
const neverPaused = {
  ...{ BRIDGE_BACKLOG_HIGH: '1000000', BRIDGE_BACKLOG_LOW: '999999' },
  ...{ BRIDGE_IN_FLIGHT_HIGH: '10000000', BRIDGE_IN_FLIGHT_LOW: '9999999' },
};

const ROUND_MS = 180_000;

/**
 * Hands that many records over through a bridge of its own, which has handed over `warmUp` others before. All of them are on the topic before it
 * reads the first one, since its process is stopped while they are written: the clock runs from the moment it goes on until the group has
 * committed the last of them. So neither its start nor the producer is counted, but all of fetching, reading, starting and committing.
 */
export async function bridgeRound(
  { kafka, processEnv, temporalPids, databasePids }: BenchStack,
  plan: { round: number; packMax: 1 | 50; records: number; warmUp: number; concurrency: number },
): Promise<Round> {
  const { round, packMax, records, warmUp, concurrency } = plan;
  const name = `handoff-${packMax}-${round}-${Date.now()}`;
  const topics = { queue: `${name}-queue`, results: `${name}-results`, dlq: `${name}-dlq` };
  const admin = kafka.admin();
  await admin.connect();
  /** Resolves when the group has committed that many more than `before`. */
  const handedOver = async (before: number, of: number) => {
    const beganAt = performance.now();
    let done = 0;
    const wait = {
      within: ROUND_MS,
      every: () => nextAskMs({ elapsedMs: performance.now() - beganAt, done, of }),
    };
    await until(`${of} records are handed over`, wait, async () => {
      done = (await committedSum(admin, name, topics.queue)) - before;
      return done >= of;
    });
  };
  try {
    await createTopics(kafka, topics, PARTITIONS);
    const bridge = await startBridge({
      ...{ ...processEnv, ...neverPaused, PACK_MAX: String(packMax), KAFKA_GROUP_ID: name },
      ...{ QUEUE_TOPIC: topics.queue, RESULTS_TOPIC: topics.results, DLQ_TOPIC: topics.dlq },
      ...{ HEADWAY_TASK_QUEUE: name, HEADWAY_LLM_TASK_QUEUE: `${name}-llm` },
      BRIDGE_START_CONCURRENCY: String(concurrency),
    });
    try {
      await produceJobs(kafka, topics.queue, warmUp);
      await handedOver(0, warmUp);
      process.kill(bridge.pid, 'SIGSTOP');
      let beganAt: number;
      let cpuBefore: number;
      let meter: UsageMeter<'server'>;
      try {
        await produceJobs(kafka, topics.queue, records);
        cpuBefore = cpuMsOf(bridge.pid);
        meter = startUsageMeter(() => ({ server: [...temporalPids(), ...databasePids()] }));
        beganAt = performance.now();
      } finally {
        // A bench that fails here must leave no process behind that does not hear it.
        process.kill(bridge.pid, 'SIGCONT');
      }
      await handedOver(warmUp, records);
      const ms = performance.now() - beganAt;
      const own = cpuMsOf(bridge.pid) - cpuBefore;
      const server = meter.stop().server.cpuMs;
      return toRound({ way: `packs-${packMax}`, round, records, ms }, { own, server });
    } finally {
      await bridge.stop();
    }
  } finally {
    await admin.disconnect();
    await deleteTopics(kafka, topics);
  }
}

function cpuMsOf(pid: number): number {
  return treeOf(readProcessTable(), [pid]).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}
