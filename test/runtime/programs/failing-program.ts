import { HeadwayError } from '../../../contracts/errors';
import { loadConfig } from '../../../runtime/config/config';
import { runMain } from '../../../runtime/run-main';
import { ShuttingDown } from '../../../runtime/shutdown';

const ways: Record<string, () => unknown> = {
  mistake: () => {
    throw new HeadwayError('HW_STACK_FAILED', 'Kafka ended by itself; see kafka.log.');
  },
  config: () => loadConfig(),
  defect: () => {
    throw new TypeError('x is not a function');
  },
  secret: () => {
    throw new Error('cannot reach postgres://user:hunter2@host/db');
  },
  nothing: () => undefined,
  'nobody waits': () => void Promise.reject(new Error('left alone')),
  'in a callback': () => setImmediate(() => ways.defect?.()),
  aggregate: () => {
    throw new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]);
  },
  'shutting down': () => {
    throw new ShuttingDown('shutting down: SIGTERM');
  },
};

void runMain('headway-test', async () => {
  await Promise.resolve();
  ways[process.argv[2] ?? '']?.();
  // Whatever comes late comes in the next turn of the event loop; this is the one after it.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
});
