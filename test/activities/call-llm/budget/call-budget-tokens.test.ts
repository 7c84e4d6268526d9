import { CallBudget } from '../../../../activities/call-llm/budget/call-budget';
import { FakeStore } from './fake-store';

let store: FakeStore;
let budget: CallBudget;
let made: number;

beforeEach(() => {
  jest.useFakeTimers();
  store = new FakeStore();
  // 1,000 a second.
  budget = new CallBudget({ name: 'm', store: store.for('a'), configured: { tokens: 60_000 } });
  made = 0;
});
afterEach(() => jest.useRealTimers());

const call = { used: 100, most: 1_000 };
const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1_000);
const silent = { limits: {}, remaining: {}, status: 200 };

function ask(times: number): void {
  for (let time = 0; time < times; time++)
    void budget.take(call, { round: { waitUntil: Infinity } }).then(() => made++);
}

test('calls that wait already are counted anew when it is known how the provider counts', async () => {
  ask(100);
  await pass(5);
  expect(made).toBeLessThanOrEqual(6);
  budget.note(silent, call);
  const before = made;
  await pass(5);
  expect(made - before).toBeGreaterThanOrEqual(45);
  // What one of the old kind would have taken may be there already.
  expect(made - before).toBeLessThanOrEqual(61);
});

test('all processes are told what was made, without what was refused, and what was used', async () => {
  ask(5);
  await pass(10);
  expect(made).toBe(5);
  budget.refund(call);
  budget.settle(100, 230);
  await pass(5);
  expect(store.totals).toEqual({ used: 230, most: 4_000 });
});

test('a call that was refused has taken nothing', async () => {
  ask(2);
  await pass(10);
  budget.refund(call);
  await budget.close();
  expect(store.leases.at(-1)!.giveBack.tokens).toBeGreaterThanOrEqual(1_000);
});

test('less is configured than the provider allows, so its bucket stays full: the lesser limit holds', async () => {
  ask(100);
  for (let second = 0; second < 30; second++) {
    budget.note(
      { ...silent, limits: { tokens: 600_000 }, remaining: { tokens: 600_000 }, tokenCapacity: 600_000 },
      call,
    );
    await pass(1);
  }
  expect(made).toBeGreaterThanOrEqual(28);
  expect(made).toBeLessThanOrEqual(31);
});

test('what an answer says was so when its call was sent', async () => {
  ask(1);
  await pass(1);
  const limits = { tokens: 60_000 };
  budget.note({ ...silent, limits, remaining: { tokens: 0 }, sentAt: Date.now() - 20_000 }, call);
  ask(1);
  await pass(0.5);
  const said = store.leases.map(({ remaining }) => remaining?.tokens).find((tokens) => tokens !== undefined);
  expect(said).toBeGreaterThanOrEqual(20_000);
});

describe('a lease that fails', () => {
  const givenBack = () => store.leases.reduce((sum, { giveBack }) => sum + giveBack.tokens, 0);
  beforeEach(async () => {
    ask(1);
    while (made === 0) await pass(0.1);
  });

  /** Longer than between two leases while nothing waits. */
  const whileStoreIs = async (state: 'away' | 'silent') => {
    store[state] = true;
    await pass(2.5);
    store[state] = false;
  };

  test('keeps what was done for the next one', async () => {
    budget.settle(0, 230);
    await whileStoreIs('away');
    await pass(3);
    expect(store.totals).toEqual({ used: 230, most: 1_000 });
  });

  test('but does not tell it again where it may have been carried out', async () => {
    budget.settle(0, 230);
    await whileStoreIs('silent');
    await pass(3);
    expect(store.totals).toEqual({ used: 230, most: 1_000 });
  });

  test('keeps what was to be given back', async () => {
    for (let time = 0; time < 10; time++) budget.refund(call);
    await whileStoreIs('away');
    // Nothing else comes from there.
    store.away = true;
    ask(10);
    await pass(0);
    expect(made).toBe(11);
  });

  test('but not where it may have been carried out', async () => {
    for (let time = 0; time < 10; time++) budget.refund(call);
    await whileStoreIs('silent');
    expect(givenBack()).toBeGreaterThan(9_000);
    store.silent = true;
    ask(10);
    await pass(0);
    expect(made).toBeLessThanOrEqual(6);
  });

  test.each(['away', 'silent'] as const)('forgets no debt (%s)', async (state) => {
    // From here on what was used is counted.
    budget.note(silent, call);
    budget.settle(100, 10_100);
    await whileStoreIs(state);
    const before = givenBack();
    await pass(3);
    // Some of it came back in the time that this process was alone.
    expect(givenBack() - before).toBeLessThan(-6_000);
  });
});
