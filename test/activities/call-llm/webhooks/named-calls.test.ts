import { NamedCalls, type NamedCallsListener } from '../../../../activities/call-llm/webhooks/named-calls';
import { FakeTable } from './fake-table';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

async function reading({ needed = true } = {}) {
  const table = new FakeTable();
  const warnings: object[] = [];
  const namedCalls = new NamedCalls({
    store: table,
    logger: { warn: (fields: object) => void warnings.push(fields) },
  });
  const told: string[] = [];
  const listener: NamedCallsListener & { needed: boolean; changes: number } = {
    needed,
    changes: 0,
    isNeeded: () => listener.needed,
    onNamed: (callId: string) => void told.push(callId),
    onChange: () => void listener.changes++,
    onRead: () => undefined,
  };
  namedCalls.listen(listener);
  namedCalls.need();
  await pass(0);
  return { table, namedCalls, told, listener, warnings };
}

test('one question a second, whatever the number of calls, and none without calls', async () => {
  const { table, namedCalls, listener } = await reading();
  table.write('a');
  await pass(10_000);
  const before = table.reads;
  for (let n = 0; n < 500; n++) namedCalls.need();
  await pass(20_000);
  expect(table.reads - before).toBe(20);
  listener.needed = false;
  await pass(60_000);
  const idle = table.reads;
  await pass(600_000);
  expect(table.reads).toBe(idle);
  namedCalls.need();
  await pass(0);
  expect(table.reads).toBe(idle + 1);
});

test('where no webhook ever came, only every ten seconds', async () => {
  const { table } = await reading();
  await pass(60_000);
  expect(table.reads).toBe(7);
});

test('each call is told, also one that appears behind later ones, and is remembered for those who ask later', async () => {
  const { table, namedCalls, told } = await reading();
  table.write('a');
  await pass(10_000);
  const late = table.begin('b');
  table.write('c');
  await pass(1_000);
  expect(told).toEqual(['a', 'c']);
  late();
  await pass(1_000);
  expect(told).toEqual(['a', 'c', 'b']);
  await pass(5_000);
  expect(told).toHaveLength(3);
  expect(['a', 'b', 'c', 'd'].map((one) => namedCalls.has(one))).toEqual([true, true, true, false]);
});

test('one that was being written when reading began is found', async () => {
  const table = new FakeTable();
  const late = table.begin('early');
  table.write('first');
  const namedCalls = new NamedCalls({ store: table });
  namedCalls.listen({
    isNeeded: () => true,
    onNamed: () => undefined,
    onChange: () => undefined,
    onRead: () => undefined,
  });
  namedCalls.need();
  await pass(500);
  late();
  await pass(1_000);
  expect(namedCalls.has('early')).toBe(true);
});

test('knows of the minute before it began to read, and not of what was before', async () => {
  const { namedCalls } = await reading();
  expect([namedCalls.covers(Date.now() - 50_000), namedCalls.covers(Date.now() - 60_000)]).toEqual([
    true,
    false,
  ]);
});

test('more than it can remember at once is told all the same, and what it forgets it no longer claims to know', async () => {
  const { table, namedCalls, told } = await reading();
  for (let n = 0; n < 60_000; n++) table.write(`call ${n}`);
  await pass(11_000);
  expect(told.length).toBe(60_000);
  expect([namedCalls.has('call 0'), namedCalls.has('call 59999')]).toEqual([false, true]);
  expect(namedCalls.covers(Date.now() - 50_000)).toBe(false);
  await pass(10_000);
  expect(namedCalls.covers(Date.now())).toBe(true);
});

test('a database that is away makes it know nothing, is told once a minute, and is tried again', async () => {
  const { table, namedCalls, told, listener, warnings } = await reading();
  table.write('a');
  await pass(10_000);
  const changes = listener.changes;
  table.trouble = new Error('away');
  await pass(1_000);
  expect([namedCalls.covers(Date.now()), listener.changes]).toEqual([false, changes + 1]);
  await pass(50_000);
  expect(warnings).toEqual([expect.objectContaining({ reason: 'away' })]);
  table.write('b');
  table.trouble = undefined;
  await pass(5_000);
  expect([namedCalls.covers(Date.now()), told.at(-1)]).toEqual([true, 'b']);
});

test('a database without the table is no trouble where no webhook has ever come', async () => {
  const { table, warnings } = await reading();
  table.trouble = new Error('relation "headway_llm_webhooks" does not exist');
  await pass(120_000);
  expect(warnings).toEqual([]);
});

test('reads nothing after it was closed, and covers no call', async () => {
  const { table, namedCalls } = await reading();
  const now = Date.now();
  expect(namedCalls.covers(now)).toBe(true);
  await namedCalls.close();
  expect(namedCalls.covers(now)).toBe(false);
  namedCalls.need();
  await pass(60_000);
  expect(table.reads).toBe(1);
});
