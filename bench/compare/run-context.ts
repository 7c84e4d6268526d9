import type { RunContext } from '../contenders/contender';
import type { RunOptions, World } from './run';

/** What a contender is told of its run. */
export function contextOf(
  world: Pick<World, 'kafka' | 'brokers' | 'llmUrl' | 'cacheDir' | 'log'>,
  { consumers, timeScale }: Pick<RunOptions, 'consumers' | 'timeScale'>,
  own: Pick<
    RunContext,
    'name' | 'dataDir' | 'topics' | 'group' | 'partitions' | 'signal' | 'slots' | 'uncommitted'
  >,
): RunContext {
  const llmTimeoutMs = 120_000;
  return {
    ...own,
    ...{ kafka: world.kafka, llmUrl: world.llmUrl, cacheDir: world.cacheDir, log: world.log },
    ...{ consumers, timeScale, llmTimeoutMs },
    env: {
      KAFKA_BROKERS: world.brokers,
      QUEUE_TOPIC: own.topics.queue,
      RESULTS_TOPIC: own.topics.results,
      DLQ_TOPIC: own.topics.dlq,
      GROUP_ID: own.group,
      LLM_URL: world.llmUrl,
      SLOTS: String(own.slots),
      LLM_TIMEOUT_MS: String(llmTimeoutMs),
      SESSION_TIMEOUT_MS: String(sessionTimeoutMs(timeScale)),
    },
  };
}

/** 30 s, the default of kafkajs, with the time scale; brokers allow no less than 6 s unless they are told to. */
export function sessionTimeoutMs(timeScale: number): number {
  return Math.max(6_000, Math.round(30_000 * timeScale));
}
