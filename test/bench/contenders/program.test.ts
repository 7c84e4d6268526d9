import { readProcessTable, treeOf } from '../../../bench/compare/process-table';
import { startProgram } from '../../../bench/contenders/program';

it('leaves no process behind that is killed while it is being started again', async () => {
  const below = () => treeOf(readProcessTable(), [process.pid]).length;
  const before = below();
  const consumer = await startProgram('slow', {
    command: process.execPath,
    args: ['-e', 'setTimeout(() => console.log("ready"), 300); setInterval(() => {}, 1000)'],
    env: {},
  });
  await consumer.kill();
  const first = consumer.startAgain();
  const killed = consumer.kill();
  await Promise.all([first, killed, consumer.startAgain()]);
  expect(below()).toBe(before + 1);
  await consumer.stop();
  expect(below()).toBe(before);
});
