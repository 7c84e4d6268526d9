import { reviveInterrupted } from '../../stack/temporal/revive';
import type { ServerHandle, ServerRestart } from '../../stack/types';

const INTERRUPTED = '14 UNAVAILABLE: GetNamespace operation failed. Error interrupted (9)';

let stack: AbortController;
beforeEach(() => {
  jest.useFakeTimers();
  stack = new AbortController();
});
afterEach(() => {
  stack.abort();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** A server whose database answers like this, one after the other; then it is well. */
function revive(answers: string[], isRunning = true) {
  const restarts: ServerRestart[] = [];
  let restarted = 0;
  const server = {
    name: 'temporal',
    logFile: 'temporal.log',
    pid: isRunning ? 1 : undefined,
    restart: () => Promise.resolve(void (restarted += 1)),
  } as unknown as ServerHandle;
  const read = () => {
    const answer = answers.shift();
    return answer === undefined ? Promise.resolve() : Promise.reject(new Error(answer));
  };
  const context = { signal: stack.signal, onRestart: (restart: ServerRestart) => restarts.push(restart) };
  reviveInterrupted({ context, server, read, everyMs: 100 });
  return { restarts, restarted: () => restarted };
}

test('a database that stays interrupted is ended by a restart, which is told', async () => {
  const { restarts, restarted } = revive(Array(3).fill(INTERRUPTED));
  await jest.advanceTimersByTimeAsync(250);
  expect(restarted()).toBe(0);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(restarted()).toBe(1);
  expect(restarts).toMatchObject([{ name: 'temporal', reason: expect.stringContaining('interrupted') }]);
});

test.each([
  ['interrupted for a moment', [INTERRUPTED, INTERRUPTED, '', INTERRUPTED, INTERRUPTED]],
  ['in other trouble', Array(10).fill('14 UNAVAILABLE: connection refused')],
])('a database that is %s is left alone', async (_, answers) => {
  const { restarted } = revive(answers);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(restarted()).toBe(0);
});

test('a server that somebody has ended is not started', async () => {
  const { restarted } = revive(Array(10).fill(INTERRUPTED), false);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(restarted()).toBe(0);
});
