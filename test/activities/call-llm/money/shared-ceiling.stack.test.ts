import { randomUUID } from 'node:crypto';
import { createSpendingStore } from '../../../../activities/call-llm/money/spending-store';
import { createDatabase } from '../../../../runtime/database';
import { readLocalStack } from '../../../../runtime/local-stack';

const url = readLocalStack()?.databaseUrl ?? '';

/** As two workers: nothing in common but the tables. */
const workers = [0, 1].map(() => {
  const database = createDatabase({ url });
  return { database, spending: createSpendingStore(database) };
});

afterAll(() => Promise.all(workers.map(({ database }) => database.close())));

test('two workers spend what a tenant may in a day, and not a cent more', async () => {
  const tenant = `test/${randomUUID()}`;
  const ceiling = 1_000;
  let spent = 0;
  let over = 0;
  await Promise.all(
    workers.flatMap(({ spending }) =>
      Array.from({ length: 60 }, async () => {
        for (;;) {
          const id = randomUUID();
          const { outcome } = await spending.reserve({ id, tenant, amount: 30, ceiling, lastsMs: 60_000 });
          if (outcome === 'wait') continue;
          if (outcome === 'over') return void (over += 1);
          await spending.settle(id, 20);
          spent += 20;
          return;
        }
      }),
    ),
  );
  // The last call is made while what it may cost still fits.
  expect(spent).toBe(980);
  expect(over).toBe(120 - 49);
});
