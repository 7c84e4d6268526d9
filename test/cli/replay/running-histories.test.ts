import type { Client } from '@temporalio/client';
import { exitCodes } from '../../../cli/exit-codes';
import { printReport } from '../../../cli/replay/print-report';
import { readRunning } from '../../../cli/replay/running-histories';
import { runCli } from '../../../cli/run-cli';
import { commands } from '../../../cli/commands';
import { createContext } from '../support';

/** Temporal with so many running workflows. */
function clientWith(count: number): Client {
  return {
    workflow: {
      async *list() {
        for (let index = 0; index < count; index += 1) yield { workflowId: `w${index}`, runId: 'r' };
      },
      getHandle: () => ({ fetchHistory: async () => ({ events: [] }) }),
    },
  } as unknown as Client;
}

test.each([
  [3, ['w0', 'w1'], true],
  [2, ['w0', 'w1'], false],
  [1, ['w0'], false],
])(
  'of %d running workflows at most two are read, and it is known whether there are more',
  async (count, ids, more) => {
    const running = readRunning(clientWith(count), { taskQueue: 'q', limit: 2 });
    const read: string[] = [];
    for await (const { name } of running.histories) read.push(name);
    expect(read).toEqual(ids);
    expect(running.more()).toBe(more);
  },
);

test('when all that were looked at fit, and there are more, it says so', () => {
  const report = { replayed: 2, problems: [], more: true };
  const text = createContext();
  printReport(text.context, report, { limit: 2 });
  expect(text.stdout()).toBe('2 of 2 histories fit this build.\n');
  expect(text.stderr()).toBe('There are more than 2 running workflows; --limit looks at more.\n');
  const json = createContext();
  printReport(json.context, report, { limit: 2, json: true });
  expect(JSON.parse(json.stdout())).toEqual({ ok: true, ...report });
});

test('a limit of none is refused', async () => {
  const { context, stderr } = createContext();
  expect(await runCli(['replay', '--limit', '0'], context, commands)).toBe(exitCodes.usage);
  expect(stderr()).toContain('It must be a whole number, at least 1.');
});
