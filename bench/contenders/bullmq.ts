import { Queue } from 'bullmq';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../../stack/prerequisites';
import { NotRunnable, type Contender, type ContenderServers } from './contender';
import { startOwnServers } from './own-servers';
import { startProgram, strategy } from './program';
import { scaled } from './scaled';

type Data = { value: string };

export const bullmq: Contender = {
  name: 'bullmq',
  title: 'BullMQ',
  about:
    'bullmq 6.7.0 on Redis as Debian has it (7.0 in Debian 12) with an append-only file, concurrency = slots; locks and the look for stalled jobs ' +
    '30 s, 10 attempts from 1 s on, doubled each time (times the time scale), maxStalledCount 10 (1 by default, and some jobs are given up when two workers die), the failed set is where dead letters are',
  async prepare() {
    if ((await outputOf('redis-server', ['--version'], process.env)) !== undefined) return;
    throw new NotRunnable('No redis-server was found: apt-get install redis-server.');
  },
  startServers: (context) =>
    startOwnServers(context, async (own) => {
      const port = await own.port();
      const folder = join(context.dataDir, 'redis');
      await mkdir(folder);
      const env = { REDIS_PORT: String(port) };
      // https://docs.bullmq.io/guide/going-to-production
      const settings = {
        ...{ bind: '127.0.0.1', port: env.REDIS_PORT, dir: folder, save: '' },
        ...{ appendonly: 'yes', 'maxmemory-policy': 'noeviction' },
      };
      await own.start({
        name: 'redis',
        command: 'redis-server',
        args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
        ready: () => withQueue(env, (queue) => queue.waitUntilReady()),
      });
      return own.running(env);
    }),
  startConsumer: (context, servers, index) => {
    const env = { ...context.env, ...servers.env, LOCK_MS: String(scaled(context, 30_000)) };
    return startProgram(`consumer-${index}`, strategy('bullmq', env));
  },

  openProducer(context, { env }) {
    const queue = openQueue(env);
    const opts = { attempts: 10, backoff: { type: 'exponential', delay: scaled(context, 1_000) } };
    return Promise.resolve({
      async send(values) {
        await queue.addBulk(values.map((value) => ({ name: 'job', data: { value: String(value) }, opts })));
      },
      close: () => queue.close(),
    });
  },

  deadLetters: (_context, { env }) =>
    withQueue(env, async (queue) => (await queue.getFailed(0, -1)).map(({ data }) => data.value)),

  held: (_context, { env }, ids) =>
    withQueue(env, async (queue) => {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      return Math.min(ids.length, total);
    }),
};

function openQueue(env: ContenderServers['env']): Queue<Data> {
  const queue = new Queue<Data>('jobs', { connection: { host: '127.0.0.1', port: Number(env.REDIS_PORT) } });
  // Nobody else would hear it.
  queue.on('error', () => {});
  return queue;
}

async function withQueue<T>(
  env: ContenderServers['env'],
  use: (queue: Queue<Data>) => Promise<T>,
): Promise<T> {
  const queue = openQueue(env);
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
