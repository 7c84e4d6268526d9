import { spawn, type ChildProcess } from 'node:child_process';
import { rememberProcesses } from '../../../bench/compare/leftovers';

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** A process that ends by itself after so many milliseconds. */
function start(ms: number) {
  const child = spawn(process.execPath, ['-e', `setTimeout(() => {}, ${ms})`], { stdio: 'ignore' });
  children.push(child);
  return {
    child,
    ended: new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, signal) => resolve(signal))),
  };
}

it('ends what has come since, and leaves alone what was there before', async () => {
  const earlier = start(60_000);
  const leftovers = rememberProcesses(100);
  const later = start(60_000);
  expect(await leftovers.end()).toEqual([expect.stringMatching(/^node\S* -e setTimeout\(/)]);
  expect(await later.ended).toBe('SIGKILL');
  expect(earlier.child.exitCode ?? earlier.child.signalCode).toBeNull();
});

it('waits for what is about to end by itself', async () => {
  const leftovers = rememberProcesses(60_000);
  const { ended } = start(300);
  expect(await leftovers.end()).toEqual([]);
  expect(await ended).toBeNull();
});
