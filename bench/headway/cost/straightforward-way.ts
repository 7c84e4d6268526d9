import { join } from 'node:path';
import { projectRoot } from '../../../runtime/project-root';
import { startProgram } from '../../contenders/program';
import type { Way } from './way';

/** Temporal as it is usually used, with a consumer and a worker of its own. */
export const straightforwardWay: Way = {
  name: 'straightforward',
  title: 'one workflow a job, four ordinary activities',
  about:
    'defaults of the SDK, but as many activity slots as jobs; a kafkajs consumer that starts the workflows of a partition one after the other, 12 ' +
    'partitions side by side; the LLM call is one request, held open',
  jobs: { quick: 120, full: 300 },
  warmUp: 48,
  async start({ bench, run }) {
    const { name, env, partitions } = run;
    const program = (entry: string) =>
      startProgram(entry, {
        command: process.execPath,
        args: [join(projectRoot(), 'dist', 'bench', 'headway', 'cost', 'straightforward', `${entry}.js`)],
        env: {
          ...env,
          ...{ TEMPORAL_ADDRESS: bench.temporalAddress, TASK_QUEUE: name, PARTITIONS: String(partitions) },
          DATABASE_URL: bench.stack.addresses.databaseUrl ?? '',
        },
      });
    const worker = await program('worker');
    const consumer = await program('consumer').catch(async (error: unknown) => {
      await worker.stop();
      throw error;
    });
    return {
      taskQueue: name,
      pids: () => ({
        ...{ engine: bench.temporalPids(), database: bench.databasePids() },
        ...{ bridge: Object.values(consumer.pids()), worker: Object.values(worker.pids()) },
      }),
      async stop() {
        await consumer.stop();
        await worker.stop();
      },
    };
  },
};
