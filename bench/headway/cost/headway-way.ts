import { startBridge, startWorker } from '../../headway-processes';
import type { Way } from './way';

/** One bridge and one worker as a user starts them. */
export function headwayWay(packMax: number, jobs: Way['jobs'], warmUp: number): Way {
  return {
    name: `headway-${packMax}`,
    title: `Headway, packs of ${packMax}`,
    about: `bridge and worker as they are set up by default, \`PACK_MAX=${packMax}\`, calls in background mode`,
    ...{ jobs, warmUp },
    async start({ bench, run: { name, topics, group } }) {
      const env = {
        ...bench.processEnv,
        ...{ QUEUE_TOPIC: topics.queue, RESULTS_TOPIC: topics.results, DLQ_TOPIC: topics.dlq },
        ...{ KAFKA_GROUP_ID: group, HEADWAY_TASK_QUEUE: name, HEADWAY_LLM_TASK_QUEUE: `${name}-llm` },
        PACK_MAX: String(packMax),
      };
      const worker = await startWorker(env);
      const bridge = await startBridge(env).catch(async (error: unknown) => {
        await worker.stop();
        throw error;
      });
      return {
        taskQueue: name,
        pids: () => ({
          ...{ engine: bench.temporalPids(), database: bench.databasePids() },
          ...{ bridge: [bridge.pid], worker: [worker.pid] },
        }),
        async stop() {
          await Promise.all([bridge.stop(), worker.stop()]);
        },
      };
    },
  };
}
