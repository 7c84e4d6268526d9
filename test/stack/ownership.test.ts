import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimOwnership } from '../../stack/ownership';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const ownerFile = () => join(folder(), 'stack.json.owner');
const ownerIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as { pid: number };

it('refuses a second stack with a sentence that names the first', async () => {
  const giveUp = await claimOwnership(ownerFile());
  await expect(claimOwnership(ownerFile())).rejects.toMatchObject({
    code: 'HW_STACK_FAILED',
    message: expect.stringContaining(`already running as process ${process.pid}`) as string,
  });
  giveUp();
  await expect(claimOwnership(ownerFile())).resolves.toBeDefined();
});

it('lets one of several win when they race', async () => {
  const results = await Promise.allSettled(Array.from({ length: 4 }, () => claimOwnership(ownerFile())));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('takes over from a process that is gone', async () => {
  const child = spawn(process.execPath, ['--eval', '']);
  await once(child, 'exit');
  writeFileSync(ownerFile(), JSON.stringify({ pid: child.pid, bornAt: '1' }));
  await claimOwnership(ownerFile());
  expect(ownerIn(ownerFile()).pid).toBe(process.pid);
});

it('takes over when another process has got the number since', async () => {
  writeFileSync(ownerFile(), JSON.stringify({ pid: process.pid, bornAt: 'at another time' }));
  await expect(claimOwnership(ownerFile())).resolves.toBeDefined();
});

it('waits until the servers of a killed stack have ended', async () => {
  // Its last act: whoever claims before that has not waited.
  const lastAct = join(folder(), 'leash-ended');
  const program = `process.stdin.resume(); process.on('exit', () => fs.writeFileSync(${JSON.stringify(lastAct)}, ''))`;
  const leash = spawn(process.execPath, ['--eval', program], { stdio: ['pipe', 'ignore', 'ignore'] });
  writeFileSync(ownerFile(), JSON.stringify({ pid: 2 ** 22 + 1, bornAt: '1', leashPid: leash.pid }));
  const endedFirst = claimOwnership(ownerFile()).then(() => existsSync(lastAct));
  setImmediate(() => leash.stdin.end());
  expect(await endedFirst).toBe(true);
});

it('takes over from an owner file that makes no sense', async () => {
  writeFileSync(ownerFile(), '{');
  await expect(claimOwnership(ownerFile())).resolves.toBeDefined();
});
