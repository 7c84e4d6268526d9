import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readProcessTable } from '../../../bench/compare/process-table';
import { startProgram } from '../../../bench/contenders/program';

it('leaves no process behind that is killed while it is being started again', async () => {
  const mark = randomUUID();
  const code = `/* ${mark} */ setTimeout(() => console.log("ready"), 300); setInterval(() => {}, 1000)`;
  const alive = () => [...readProcessTable().keys()].filter((pid) => commandOf(pid).includes(mark)).length;
  const consumer = await startProgram('slow', { command: process.execPath, args: ['-e', code], env: {} });
  await consumer.kill();
  const first = consumer.startAgain();
  const killed = consumer.kill();
  await Promise.all([first, killed, consumer.startAgain()]);
  expect(alive()).toBe(1);
  await consumer.stop();
  expect(alive()).toBe(0);
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
