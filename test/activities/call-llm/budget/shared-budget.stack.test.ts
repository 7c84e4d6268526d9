import { randomUUID } from 'node:crypto';
import { createBudgetStore } from '../../../../activities/call-llm/budget/budget-store';
import { CallBudget } from '../../../../activities/call-llm/budget/call-budget';
import { createDatabase } from '../../../../runtime/database';
import { readLocalStack } from '../../../../runtime/local-stack';

const url = readLocalStack()?.databaseUrl ?? '';
const name = `test/${randomUUID()}`;

/** As two workers: nothing in common but the table. */
const processes = ['a', 'b'].map((process) => {
  const database = createDatabase({ url });
  const store = createBudgetStore(database, process);
  const troubles: unknown[] = [];
  const onStoreTrouble = (error: unknown) => troubles.push(error);
  const budget = new CallBudget({ name, store, configured: { requests: 1_200 }, onStoreTrouble });
  return { budget, database, troubles };
});

afterAll(async () => {
  for (const { budget, database } of processes) {
    await budget.close();
    await database.close();
  }
});

test('two processes use a limit up together, and neither goes beyond it', async () => {
  const startedAt = Date.now();
  const made: { at: number; by: number }[] = [];
  const round = { waitUntil: startedAt + 60_000 };
  await Promise.all(
    processes.flatMap(({ budget }, by) =>
      Array.from({ length: 70 }, async () => {
        const taken = await budget.take({ used: 0, most: 0 }, { round: { ...round } });
        if (taken.kind === 'taken') made.push({ at: Date.now() - startedAt, by });
      }),
    ),
  );
  const ms = Date.now() - startedAt;
  expect(made).toHaveLength(140);
  // 20 a second, and nothing saved up in a budget that is new. A busy machine is slower, but never faster.
  expect(ms).toBeGreaterThan(6_500);
  for (const by of [0, 1]) expect(made.filter((one) => one.by === by)).toHaveLength(70);
  const inHalf = made.filter(({ at }) => at < ms / 2).length;
  expect(inHalf).toBeGreaterThan(50);
  expect(inHalf).toBeLessThan(90);
  expect(processes.flatMap(({ troubles }) => troubles)).toEqual([]);
});
