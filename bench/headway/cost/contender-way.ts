import type { Contender } from '../../contenders/contender';
import type { SystemPart } from './parts';
import type { Way } from './way';

/** Another system, as the comparison runs it, with one consumer. Its jobs are not enriched and not post-processed. */
export function contenderWay(
  contender: Contender,
  /** What its own server is. */
  server: SystemPart,
  jobs: Way['jobs'],
  warmUp: number,
): Way {
  const { name, title, about } = contender;
  return {
    ...{ name, title, about, jobs, warmUp },
    async start({ run }) {
      await contender.prepare(run);
      const servers = await contender.startServers(run);
      const consumer = await contender.startConsumer(run, servers, 0).catch(async (error: unknown) => {
        await servers.stop();
        throw error;
      });
      return {
        pids: () => ({ [server]: Object.values(servers.pids), worker: Object.values(consumer.pids()) }),
        async stop() {
          await consumer.stop();
          await servers.stop();
        },
      };
    },
  };
}
