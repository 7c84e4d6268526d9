import { createWebhookStore } from '../../../../activities/call-llm/webhooks/webhook-store';
import { checkWebhookLedger } from '../../../../bridge/llm-webhooks/open-webhook-ledger';
import { createWebhookLedger } from '../../../../bridge/llm-webhooks/webhook-ledger';
import { startTestDatabase, type TestDatabase } from '../../../pipelines/company-brief/pglite';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
}, 60_000);
beforeEach(() => database.exec('delete from headway_llm_webhooks'));
afterAll(() => database.close());

const ledger = () => createWebhookLedger(database);
const store = () => createWebhookStore(database);
const idsOf = (calls: { callId: string }[]) => calls.map(({ callId }) => callId);
const age = (callId: string, seconds: number) =>
  database.query(
    "update headway_llm_webhooks set received_at = received_at - $2::float8 * interval '1 second' where call_id = $1",
    [callId, seconds],
  );

test('what the door writes the workers read, in order and once', async () => {
  for (const id of ['a', 'b', 'c']) expect(await ledger().write(id)).toBe(true);
  const first = await store().newest(60_000, 10);
  expect(idsOf(first)).toEqual(['a', 'b', 'c']);
  for (const { ageMs } of first) expect(ageMs).toBeLessThan(60_000);
  expect(await store().after(first[2]!.sequence, [], 10)).toEqual([]);
  await ledger().write('d');
  expect(idsOf(await store().after(first[2]!.sequence, [], 10))).toEqual(['d']);
  expect(idsOf(await store().after(first[0]!.sequence, [], 1))).toEqual(['b']);
});

test('a call that was named twice is there once, and takes no second number', async () => {
  await ledger().write('a');
  const [before] = await store().newest(60_000, 10);
  for (let n = 0; n < 5; n++) expect(await ledger().write('a')).toBe(false);
  await ledger().write('b');
  const after = await store().newest(60_000, 10);
  expect(after.map(({ sequence }) => sequence - before!.sequence)).toEqual([0, 1]);
});

test('a row that becomes visible behind later ones is found by its number', async () => {
  await ledger().write('a');
  await database.query("select nextval('headway_llm_webhooks_order')");
  await ledger().write('c');
  const calls = await store().newest(60_000, 10);
  const last = calls.at(-1)!.sequence;
  await database.query('insert into headway_llm_webhooks (call_id, sequence) values ($1, $2)', [
    'b',
    last - 1,
  ]);
  expect(await store().after(last, [], 10)).toEqual([]);
  expect(idsOf(await store().after(last, [last - 1, last - 2_000], 10))).toEqual(['b']);
});

test('of the newest, those that are too old are left out, but for the very last: reading goes on behind it', async () => {
  for (const id of ['a', 'b', 'c']) await ledger().write(id);
  for (const id of ['a', 'b', 'c']) await age(id, 120);
  expect(idsOf(await store().newest(60_000, 10))).toEqual(['c']);
  await ledger().write('d');
  expect(idsOf(await store().newest(60_000, 10))).toEqual(['d']);
  expect(idsOf(await store().newest(600_000, 2))).toEqual(['c', 'd']);
  expect(await ledger().newestAgeMs()).toBeLessThan(60_000);
});

test('old ones are forgotten, a bounded number at a time', async () => {
  for (const id of ['a', 'b', 'c', 'd']) await ledger().write(id);
  for (const id of ['a', 'b', 'c']) await age(id, 1_000);
  expect(await ledger().prune(900_000, 2)).toBe(2);
  expect(await ledger().prune(900_000, 2)).toBe(1);
  expect(await ledger().prune(900_000, 2)).toBe(0);
  expect(idsOf(await store().newest(60_000, 10))).toEqual(['d']);
});

test('a database without the table is named, with what to do', async () => {
  await expect(checkWebhookLedger(database)).resolves.toBeUndefined();
  await database.exec('alter table headway_llm_webhooks rename to elsewhere');
  try {
    await expect(checkWebhookLedger(database)).rejects.toThrow(
      /OPENAI_WEBHOOK_SECRET .*005_llm_webhooks\.sql/,
    );
  } finally {
    await database.exec('alter table elsewhere rename to headway_llm_webhooks');
  }
});
