import pino from 'pino';
import { createProcess } from '../../library/headway-process';
import type { RunOptions } from '../../runtime/run-options';
import type { Shutdown } from '../../runtime/shutdown';

const logger = pino({ level: 'silent' });
const untilAborted = ({ signal }: Shutdown) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

it('works until it is stopped, ends its parts in order, and leaves the program alone', async () => {
  const exit = jest.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  const signals = process.listenerCount('SIGTERM');
  const ended: string[] = [];
  const part = createProcess({}, async ({ openShutdown }: RunOptions) => {
    const shutdown = openShutdown(logger);
    shutdown.add('first', () => void ended.push('first'));
    shutdown.add('second', () => void ended.push('second'));
    await untilAborted(shutdown);
  });
  const running = part.run();
  await part.stop();
  await running;
  expect(ended).toEqual(['second', 'first']);
  expect(exit).not.toHaveBeenCalled();
  expect(process.listenerCount('SIGTERM')).toBe(signals);
});

it('of a program that opens a door and returns, runs until it is stopped', async () => {
  const part = createProcess({}, ({ openShutdown }) => Promise.resolve(void openShutdown(logger)));
  let over = false;
  const running = part.run().then(() => (over = true));
  await new Promise(setImmediate);
  expect(over).toBe(false);
  await part.stop();
  await running;
});

it('that fails says so, after its parts have ended', async () => {
  const ended: string[] = [];
  const part = createProcess({}, ({ openShutdown }) => {
    openShutdown(logger).add('connection', () => void ended.push('connection'));
    return Promise.reject(new Error('no such server'));
  });
  await expect(part.run()).rejects.toThrow('no such server');
  expect(ended).toEqual(['connection']);
  await part.stop();
});

it('stopped before it began ends at once, and a wait that is cut off is no failure', async () => {
  const part = createProcess({}, ({ openShutdown }) => {
    const { signal } = openShutdown(logger);
    signal.throwIfAborted();
    return new Promise(() => undefined);
  });
  await part.stop();
  await part.run();
});

it('passes on the variables and pipelines', async () => {
  let given: RunOptions | undefined;
  const env = { KAFKA_BROKERS: 'kafka:9092' };
  await expect(
    createProcess({ env, pipelines: [] }, (options) => {
      given = options;
      return Promise.reject(new Error('enough'));
    }).run(),
  ).rejects.toThrow('enough');
  expect(given).toMatchObject({ env, pipelines: [] });
});
