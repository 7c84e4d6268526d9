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

test('a call whose end is seen after all has its cost counted, once', async () => {
  await reserve('late', 60, { lastsMs: -1 });
  expect(await reserve('b', 90)).toEqual({ outcome: 'reserved', spent: 0 });
  await store().settle(id('late'), 60);
  await store().settle(id('late'), 60);
  await store().settle(id('b'), 0);
  expect(await reserve('c', 40)).toEqual({ outcome: 'reserved', spent: 60 });
  expect((await reserve('d', 1)).outcome).toBe('wait');
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

describe('what was spent long ago', () => {
  const rows = async (table: string) =>
    (await database.query(`select day from ${table} where tenant like $1`, [`${tenant}%`])).length;
  const daysAgo = (days: number, whose: string) =>
    database.query(
      `with moved as (update headway_llm_spending set day = day - $2::int where tenant = $1)
      update headway_llm_reservations set day = day - $2::int where tenant = $1`,
      [whose, days],
    );
  const reserveFor = (whose: string) =>
    store().reserve({ id: `${whose}/call`, tenant: whose, amount: 1, ceiling: 100, lastsMs: 60_000 });

  test('is forgotten when a tenant makes its first call of a day, with calls whose end nobody saw', async () => {
    const [old, recent] = [`${tenant}-old`, `${tenant}-recent`];
    for (const whose of [old, recent]) await reserveFor(whose);
    await daysAgo(8, old);
    await daysAgo(7, recent);
    expect(await rows('headway_llm_spending')).toBe(2);
    await reserve('first', 1);
    expect(await rows('headway_llm_spending')).toBe(2);
    expect(await rows('headway_llm_reservations')).toBe(2);
    await store().settle(`${recent}/call`, 1);
    await store().settle(`${old}/call`, 1);
    expect(await rows('headway_llm_reservations')).toBe(1);
  });

  test('is forgotten faster than new rows come', async () => {
    await database.query(
      `insert into headway_llm_spending (day, tenant)
      select current_date - 100 + one, $1 || '-' || one from generate_series(1, 60) one`,
      [tenant],
    );
    for (const day of [1, 2]) await reserveFor(`${tenant}-new-${day}`);
    expect(await rows('headway_llm_spending')).toBe(2);
  });

  test('is forgotten also where the worker may not delete', async () => {
    await reserveFor(`${tenant}-old`);
    await daysAgo(8, `${tenant}-old`);
    await database.query('create role worker');
    await database.query(
      'grant select, insert, update on headway_llm_spending, headway_llm_reservations to worker',
    );
    await database.query('grant delete on headway_llm_reservations to worker');
    await database.query('set role worker');
    try {
      expect(await reserve('first', 1)).toMatchObject({ outcome: 'reserved' });
    } finally {
      await database.query('reset role');
    }
    expect(await rows('headway_llm_spending')).toBe(1);
  });
});
