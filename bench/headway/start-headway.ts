import type { RunContext } from '../contenders/contender';
import { startBridge, startWorker, type BenchProcess } from '../headway-processes';
import type { BenchStack } from './bench-stack';

export interface HeadwaySetUp {
  packMax: number;
  /** Worker processes; default 1. There is always one bridge. */
  workers?: number;
  /** For bridge and workers, beside what the round needs. */
  env?: Record<string, string>;
}

/** Bridge and workers of a round. */
export interface RunningHeadway {
  taskQueue: string;
  bridge: BenchProcess;
  workers: BenchProcess[];
  /** Resolves when none of them runs any more. */
  stop: () => Promise<void>;
}

/**
 * Starts one bridge and some workers as a user starts them, on topics and task queues of the round's own. Resolves when they consume.
 *
 * @throws Error with the end of its log when one of them does not start; none runs then
 */
export async function startHeadway(
  { processEnv }: Pick<BenchStack, 'processEnv'>,
  { name, topics, group }: Pick<RunContext, 'name' | 'topics' | 'group'>,
  { packMax, workers: count = 1, env: more = {} }: HeadwaySetUp,
): Promise<RunningHeadway> {
  const env = {
    ...processEnv,
    ...{ QUEUE_TOPIC: topics.queue, RESULTS_TOPIC: topics.results, DLQ_TOPIC: topics.dlq },
    ...{ KAFKA_GROUP_ID: group, HEADWAY_TASK_QUEUE: name, HEADWAY_LLM_TASK_QUEUE: `${name}-llm` },
    ...{ PACK_MAX: String(packMax), ...more },
  };
  const workers: BenchProcess[] = [];
  const stopWorkers = () => Promise.all(workers.map((worker) => worker.stop()));
  try {
    while (workers.length < count) workers.push(await startWorker(env));
    const bridge = await startBridge(env);
    return {
      ...{ taskQueue: name, bridge, workers },
      stop: async () => void (await Promise.all([bridge.stop(), stopWorkers()])),
    };
  } catch (error) {
    await stopWorkers();
    throw error;
  }
}
