import { createBudgetStore, type LeaseRequest } from '../../../../activities/call-llm/budget/budget-store';
import { startTestDatabase, type TestDatabase } from '../../../pipelines/company-brief/pglite';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
}, 60_000);
afterAll(() => database.close());

let number = 0;
let budget: string;
beforeEach(() => (budget = `provider/model-${number++}`));

const nothing = { requests: 0, tokens: 0 };
const request = (parts: Partial<LeaseRequest> = {}): LeaseRequest => ({
  want: nothing,
  share: 1,
  entitled: nothing,
  giveBack: nothing,
  configured: { requests: 600, tokens: 60_000 },
  done: { used: 0, most: 0 },
  ...parts,
});
const store = () => createBudgetStore(database, 'a');

/** So much time passes for a budget. */
const pass = (seconds: number) =>
  database.query(
    `update headway_llm_budgets set refilled_at = refilled_at - $2::float8 * interval '1 second',
      paused_until = paused_until - $2::float8 * interval '1 second' where budget = $1`,
    [budget, seconds],
  );

test('gives what has been refilled by the clock of the database, once', async () => {
  const want = { requests: 1_000, tokens: 100_000 };
  await store().lease(budget, request());
  await pass(2);
  const first = await store().lease(budget, request({ want }));
  expect(first!.granted.requests).toBeGreaterThanOrEqual(20);
  expect(first!.granted.requests).toBeLessThan(22);
  expect(first!.granted.tokens).toBeGreaterThanOrEqual(2_000);
  expect(first!.granted.tokens).toBeLessThan(2_200);
  const second = await store().lease(budget, request({ want }));
  expect(second!.granted.requests).toBeLessThan(1);
});

test('gives no more than is wanted, and than the share of what is there', async () => {
  await store().lease(budget, request());
  await pass(2);
  const some = await store().lease(budget, request({ want: { requests: 4, tokens: 0 } }));
  expect(some!.granted).toEqual({ requests: 4, tokens: 0 });
  const quarter = await store().lease(budget, request({ want: { requests: 100, tokens: 0 }, share: 0.25 }));
  expect(quarter!.granted.requests).toBeCloseTo(4, 0);
  const entitled = await store().lease(
    budget,
    request({ want: { requests: 100, tokens: 0 }, share: 0.1, entitled: { requests: 5, tokens: 0 } }),
  );
  expect(entitled!.granted.requests).toBe(5);
});

test('saves up five seconds of a limit and no more', async () => {
  await store().lease(budget, request());
  await pass(3_600);
  const lease = await store().lease(budget, request({ want: { requests: 1_000, tokens: 0 } }));
  expect(lease!.granted.requests).toBe(50);
});

test('takes back what was not used, and has debts paid first', async () => {
  const want = { requests: 100, tokens: 0 };
  await store().lease(budget, request());
  await store().lease(budget, request({ giveBack: { requests: 7, tokens: -3_000 } }));
  const lease = await store().lease(budget, request({ want }));
  expect(lease!.granted.requests).toBeCloseTo(7, 0);
  await pass(2);
  const tokens = await store().lease(budget, request({ want: { requests: 0, tokens: 5_000 } }));
  expect(tokens!.granted.tokens).toBe(0);
});

test('what the provider says is left bounds what there is', async () => {
  await store().lease(budget, request());
  await pass(5);
  const want = { requests: 100, tokens: 0 };
  const lease = await store().lease(budget, request({ want, remaining: { requests: 3 } }));
  expect(lease!.granted.requests).toBe(3);
});

test('knows nothing of a budget without limits, until they are learned; the lesser limit holds', async () => {
  expect(await store().lease(budget, request({ configured: {} }))).toBeUndefined();
  await store().learn(budget, { requests: 300 });
  const learned = await store().lease(budget, request({ configured: {} }));
  expect(learned!.limits).toEqual({ requests: 300, tokens: undefined });
  const lesser = await store().lease(budget, request({ configured: { requests: 60, tokens: 1_000 } }));
  expect(lesser!.limits).toEqual({ requests: 60, tokens: 1_000 });
  await store().learn(budget, { tokens: 500 });
  const greater = await store().lease(budget, request({ configured: { requests: 6_000, tokens: 1_000 } }));
  expect(greater!.limits).toEqual({ requests: 300, tokens: 500 });
});

test('sums up what all processes have done', async () => {
  await store().lease(budget, request({ done: { used: 70, most: 500 } }));
  const other = await createBudgetStore(database, 'b').lease(
    budget,
    request({ done: { used: 7, most: -50 } }),
  );
  expect(other!.totals).toEqual({ used: 77, most: 450 });
});

test('a pause is for all processes, and a shorter one does not end it', async () => {
  const want = { requests: 10, tokens: 0 };
  await store().lease(budget, request());
  await store().pause(budget, 10_000);
  await createBudgetStore(database, 'b').pause(budget, 100);
  await pass(5);
  const paused = await createBudgetStore(database, 'b').lease(budget, request({ want }));
  expect(paused!.granted.requests).toBe(0);
  expect(paused!.pausedMs).toBeGreaterThan(4_000);
  await pass(6);
  const over = await store().lease(budget, request({ want }));
  expect(over).toMatchObject({ granted: { requests: 10 }, pausedMs: 0 });
});

test('processes see what waits in the others, and no more when they are gone', async () => {
  const [a, b] = ['a', 'b'].map((process) => createBudgetStore(database, process));
  expect(await a!.meet(budget, { tenant: 3, 'other tenant': 1 })).toEqual([]);
  expect(await b!.meet(budget, { '': 2 })).toEqual([{ tenant: 3, 'other tenant': 1 }]);
  await database.query(
    "update headway_llm_budget_processes set seen_at = seen_at - interval '4 seconds'",
    [],
  );
  expect(await a!.meet(budget, {})).toEqual([]);
  expect(await b!.meet(budget, {})).toEqual([{}]);
  await a!.leave(budget);
  expect(await b!.meet(budget, {})).toEqual([]);
});
