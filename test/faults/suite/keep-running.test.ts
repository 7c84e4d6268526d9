import { spawn } from 'node:child_process';
import type { HeadwayProcess } from '../../support/processes';
import { eventually } from '../../support/eventually';
import { keepRunning, type KeptProcess } from './keep-running';

const up = /up/;
let kept: KeptProcess | undefined;

afterEach(async () => {
  await kept?.leave('SIGKILL');
});

/** A Node.js program of one line. */
function program(code: string): HeadwayProcess {
  const child = spawn(process.execPath, ['-e', `${code}; console.log('up')`]);
  let log = '';
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  const isUp = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => up.test((log += text.toString())) && resolve(log));
    void ended.then(() => reject(new Error('ended')));
  });
  isUp.catch(() => undefined);
  const kill = async (signal: NodeJS.Signals) => void (child.kill(signal), await ended);
  return { pid: child.pid ?? -1, logged: () => isUp, log: () => log, ended, kill };
}

const onTerm = (code: string) => `setInterval(() => {}, 1000); process.on('SIGTERM', () => { ${code} })`;

test.each([
  ['one that ends as it should', onTerm('process.exit(0)'), []],
  ['one that fails on its way out', onTerm('process.exit(3)'), ['bridge ended on SIGTERM with 3']],
  ['one that stays', onTerm(''), ['bridge did not stop within 0.5 s of SIGTERM']],
])('stopping tells of a process that does not end well: %s', async (_, code, exits) => {
  kept = keepRunning({ name: 'bridge', up, start: () => program(code), stopLimitMs: 500 });
  await kept.isUp();
  await kept.stop();
  expect(kept.unexpectedExits()).toEqual(exits);
});

test('a guest that crashed before it left is told of, and stopping it again changes nothing', async () => {
  const programs = ['process.exitCode = 4', onTerm('process.exit(0)')];
  kept = keepRunning({ name: 'guest', up, start: () => program(programs.shift() ?? '') });
  await eventually('it is there again', () => kept?.restarts() === 1);
  await kept.isUp();
  await kept.leave('SIGKILL');
  await kept.stop();
  expect(kept.unexpectedExits()).toEqual([expect.stringMatching(/^guest ended \(4\)/)]);
});
