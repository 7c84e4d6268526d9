import { createSpendingStore } from '../../../../activities/call-llm/money/spending-store';
import { startTestDatabase, type TestDatabase } from '../../../pipelines/company-brief/pglite';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
}, 60_000);
afterAll(() => database.close());

let number = 0;
let tenant: string;
beforeEach(() => (tenant = `tenant-${number++}`));

const store = () => createSpendingStore(database);
const id = (name: string) => `${tenant}/${name}`;
const reserve = (name: string, amount: number, parts: { ceiling?: number; lastsMs?: number } = {}) =>
  store().reserve({ id: id(name), tenant, amount, ceiling: 100, lastsMs: 60_000, ...parts });

test('calls under way keep others waiting, and what was spent ends them', async () => {
  expect(await reserve('a', 60)).toEqual({ outcome: 'reserved', spent: 0 });
  expect(await reserve('b', 60)).toEqual({ outcome: 'wait', spent: 0 });
  expect(await reserve('c', 101)).toEqual({ outcome: 'over', spent: 0 });
  await store().settle(id('a'), 30);
  expect(await reserve('b', 60)).toEqual({ outcome: 'reserved', spent: 30 });
  await store().settle(id('b'), 60);
  expect(await reserve('d', 11)).toEqual({ outcome: 'over', spent: 90 });
  expect(await reserve('e', 10)).toEqual({ outcome: 'reserved', spent: 90 });
});

test('a call that is settled twice is paid for once', async () => {
  await reserve('a', 60);
  await store().settle(id('a'), 30);
  await store().settle(id('a'), 30);
  await store().settle(id('never'), 30);
  expect((await reserve('b', 1)).spent).toBe(30);
});

test('what nobody came back for is free again', async () => {
  await reserve('a', 90, { lastsMs: -1 });
  expect(await reserve('b', 90)).toEqual({ outcome: 'reserved', spent: 0 });
  expect((await reserve('c', 90)).outcome).toBe('wait');
  await store().settle(id('b'), 0);
  expect((await reserve('d', 100)).outcome).toBe('reserved');
});

test('tenants and days have ceilings of their own', async () => {
  await reserve('a', 100);
  await store().settle(id('a'), 100);
  const other = { id: id('b'), tenant: `${tenant}-other`, amount: 100, ceiling: 100, lastsMs: 1_000 };
  expect((await store().reserve(other)).outcome).toBe('reserved');
  expect((await reserve('c', 1)).outcome).toBe('over');
  await database.query('update headway_llm_spending set day = day - 1 where tenant = $1', [tenant]);
  expect((await reserve('d', 1)).outcome).toBe('reserved');
});
