import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProcessTable } from '../../../bench/compare/process-table';
import { startProgram } from '../../../bench/contenders/program';

const mark = randomUUID();
/** While this file is there, a start takes longer than any test waits. */
const hangs = join(tmpdir(), mark);
const code = `/* ${mark} */
  setTimeout(() => console.log("ready"), require("fs").existsSync(${JSON.stringify(hangs)}) ? 600_000 : 50);
  setInterval(() => {}, 1000)`;
const slow = { command: process.execPath, args: ['-e', code], env: {} };
const alive = () => [...readProcessTable().keys()].filter((pid) => commandOf(pid).includes(mark)).length;

afterEach(() => rmSync(hangs, { force: true }));

it('a kill ends one that is just being started, and leaves none behind', async () => {
  const consumer = await startProgram('slow', slow);
  const ended: string[] = [];
  consumer.onEndedByItself((how) => ended.push(how));
  await consumer.kill();
  expect(consumer.pids()).toEqual({});
  writeFileSync(hangs, '');
  const starting = consumer.startAgain();
  await new Promise((resolve) => setImmediate(resolve));
  expect(alive()).toBe(1);
  await consumer.kill();
  expect(alive()).toBe(0);
  // It was killed, which is no failure of the start.
  await starting;
  rmSync(hangs);
  await consumer.startAgain();
  expect(alive()).toBe(1);
  // Somebody else has started it again already.
  await consumer.startAgain();
  expect(alive()).toBe(1);
  await consumer.stop();
  expect([alive(), ended]).toEqual([0, []]);
});

it('a start that fails by itself says so, with the end of what was written', async () => {
  const fails = { ...slow, args: ['-e', 'console.error("no broker"); process.exit(3)'] };
  await expect(startProgram('fails', fails)).rejects.toThrow('it ended before it was ready: no broker');
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
