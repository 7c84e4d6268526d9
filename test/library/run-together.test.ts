import pino from 'pino';
import { createProcess, type HeadwayProcess } from '../../library/headway-process';
import { runTogether } from '../../library/run-together';

const logger = pino({ level: 'silent' });

/** A part that works until it is stopped, and says when it has ended. */
function working(ended: string[], name: string): HeadwayProcess {
  return createProcess({}, async ({ openShutdown }) => {
    const shutdown = openShutdown(logger);
    shutdown.add(name, async () => {
      await new Promise(setImmediate);
      ended.push(name);
    });
    await new Promise<void>((resolve) => shutdown.signal.addEventListener('abort', () => resolve()));
  });
}

function failing(message: string): HeadwayProcess {
  return createProcess({}, () => Promise.reject(new Error(message)));
}

/** A part that fails once it is stopped. */
function failingAtItsEnd(): HeadwayProcess {
  return createProcess({}, async ({ openShutdown }) => {
    const { signal } = openShutdown(logger);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    throw new Error('could not be stopped');
  });
}

test('a part that cannot start stops the others, and its error is told after they have ended', async () => {
  const ended: string[] = [];
  const together = runTogether([working(ended, 'worker'), failing('no server'), working(ended, 'door')]);
  await expect(together).rejects.toThrow('no server');
  expect(ended.sort()).toEqual(['door', 'worker']);
});

test('a part that ends stops the others', async () => {
  const ended: string[] = [];
  const parts = [working(ended, 'worker'), working(ended, 'door')];
  const together = runTogether(parts);
  await parts[1]!.stop();
  await together;
  expect(ended).toEqual(expect.arrayContaining(['worker', 'door']));
});

test('of several errors the first one is told', async () => {
  await expect(runTogether([failingAtItsEnd(), failing('no server')])).rejects.toThrow('no server');
});

test('what fails while it is stopped is told, too', async () => {
  const ended: string[] = [];
  const worker = working(ended, 'worker');
  const told = expect(runTogether([worker, failingAtItsEnd()])).rejects.toThrow('could not be stopped');
  await worker.stop();
  await told;
  expect(ended).toEqual(['worker']);
});
