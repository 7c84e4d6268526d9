import { CallBudget, type Round, type Taken } from '../../../../activities/call-llm/budget/call-budget';
import type { BudgetStore, Limits } from '../../../../activities/call-llm/budget/budget-store';
import { FakeStore } from './fake-store';

const SECOND = 1_000;
let store: FakeStore;

beforeEach(() => {
  jest.useFakeTimers();
  store = new FakeStore();
});
afterEach(() => jest.useRealTimers());

const round = (seconds = 10): Round => ({ waitUntil: Date.now() + seconds * SECOND });
const none = { used: 0, most: 0 };
const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * SECOND);

function budget(process = 'a', configured: Limits = { requests: 600 }) {
  const troubles: unknown[] = [];
  const one = new CallBudget({
    name: 'model',
    store: store.for(process),
    configured,
    onStoreTrouble: (error) => troubles.push(error),
  });
  return Object.assign(one, { troubles });
}

/** Calls that are tried at once; `made` has the ones that were taken, in order. */
function ask(
  of: CallBudget,
  names: string[],
  options: { tenant?: string; tokens?: number; seconds?: number } = {},
) {
  const { tenant, tokens = 0, seconds = 10_000 } = options;
  const outcomes: Record<string, Taken> = {};
  for (const name of names) {
    const turn = { priorityKey: 3, fairnessKey: tenant };
    void of.take({ used: tokens, most: tokens }, { turn, round: round(seconds) }).then((taken) => {
      outcomes[name] = taken;
      if (taken.kind === 'taken') made.push(name);
    });
  }
  return outcomes;
}
let made: string[] = [];
beforeEach(() => (made = []));

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test('makes no more calls than the limit allows, and wastes none of it', async () => {
  const one = budget();
  ask(one, names('call', 1_000));
  await pass(5);
  const before = made.length;
  await pass(60);
  expect(made.length - before).toBeGreaterThanOrEqual(594);
  expect(made.length - before).toBeLessThanOrEqual(606);
});

test('holds a limit of tokens as well', async () => {
  const one = budget('a', { requests: 600, tokens: 60_000 });
  ask(one, names('call', 100), { tokens: 500 });
  await pass(5);
  const before = made.length;
  await pass(30);
  // 1,000 tokens a second are two of these calls.
  expect(made.length - before).toBeGreaterThanOrEqual(58);
  expect(made.length - before).toBeLessThanOrEqual(62);
});

test('a call that needs more tokens than can be saved up is made all the same', async () => {
  const one = budget('a', { tokens: 6_000 });
  ask(one, ['large'], { tokens: 3_000 });
  await pass(40);
  expect(made).toEqual(['large']);
});

test('two processes share one limit by their demand, and neither starves', async () => {
  const [a, b] = [budget('a'), budget('b')];
  ask(a, names('a', 3_000));
  ask(b, names('b', 1_000));
  await pass(5);
  const before = made.length;
  await pass(60);
  const later = made.slice(before);
  expect(later.length).toBeGreaterThanOrEqual(590);
  expect(later.length).toBeLessThanOrEqual(610);
  const ofB = later.filter((name) => name.startsWith('b')).length;
  expect(ofB).toBeGreaterThan(120);
  expect(ofB).toBeLessThan(180);
});

test('a tenant with few calls in one process does not wait behind the thousands of another in the next', async () => {
  const [a, b] = [budget('a'), budget('b')];
  ask(a, names('flood', 3_000), { tenant: 'flood' });
  await pass(5);
  ask(b, names('single', 40), { tenant: 'single' });
  await pass(10);
  // Half of 10 a second is theirs.
  expect(made.filter((name) => name.startsWith('single')).length).toBeGreaterThanOrEqual(40);
});

// Some 10,000 turns of simulated time: half a second of computing, and more where others compute too.
test('twenty processes with a limit of one call a second make one call a second', async () => {
  const all = names('process', 20).map((name) => budget(name, { requests: 60 }));
  all.forEach((one, index) => ask(one, names(`${index}-`, 20)));
  await pass(30);
  const before = made.length;
  await pass(60);
  expect(made.length - before).toBeGreaterThanOrEqual(58);
  expect(made.length - before).toBeLessThanOrEqual(62);
}, 30_000);

test('what is held and not needed is given back', async () => {
  const one = budget();
  ask(one, names('call', 40));
  await pass(5);
  expect(made).toHaveLength(40);
  await pass(20);
  expect(store.left.requests).toBeCloseTo(50, 0);
  ask(one, ['last']);
  await pass(1);
  await one.close();
  expect(store.leases.at(-1)!.giveBack.requests).toBeGreaterThanOrEqual(0);
});

test('a call that would wait longer than it can goes back, with when to come again', async () => {
  const one = budget();
  ask(one, names('call', 90));
  await pass(2);
  const outcomes = ask(one, names('late', 100), { seconds: 10 });
  await pass(0.1);
  const back = Object.values(outcomes).flatMap((taken) =>
    taken.kind === 'sent-back' ? [taken.retryAfterMs] : [],
  );
  expect(back.length).toBeGreaterThan(50);
  // Some seconds before their turn, to wait for it here.
  expect(Math.min(...back)).toBeGreaterThanOrEqual(4 * SECOND);
  expect(Math.min(...back)).toBeLessThan(9 * SECOND);
  // One after another, and not all at once.
  expect(new Set(back).size).toBe(back.length);
  expect(Math.max(...back)).toBeLessThan(60 * SECOND);
});

test('a call that is sent back does not wait for a line that will be sent back before it is served', async () => {
  const one = budget();
  ask(one, names('call', 400));
  await pass(2);
  const back = await one.take(none, { round: round(10) });
  expect(back).toMatchObject({ kind: 'sent-back' });
  expect((back as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(10 * SECOND);
});

test('once one call of an activity is made the others go back soon', async () => {
  const one = budget('a', { requests: 60 });
  const together = round();
  const kinds: string[] = [];
  for (const name of names('call', 10)) {
    void one.take(none, { round: together }).then(({ kind }) => kinds.push(`${name} ${kind}`));
  }
  await pass(5);
  expect(kinds).toHaveLength(10);
  expect(kinds.filter((text) => text.endsWith('taken')).length).toBeGreaterThan(0);
});

test('a call that was sent back goes before those that come for the first time', async () => {
  const one = budget('a', { requests: 60 });
  ask(one, names('new', 5));
  void one.take(none, { returned: true, round: round(100) }).then(() => made.push('returned'));
  await pass(30);
  expect(made.indexOf('returned')).toBe(0);
});

test('a wait ends with its signal, and takes nothing', async () => {
  const one = budget('a', { requests: 60 });
  ask(one, names('call', 3));
  const abort = new AbortController();
  const waiting = one.take(none, { round: round(), signal: abort.signal });
  waiting.catch(() => undefined);
  abort.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
  await pass(10);
  expect(made).toHaveLength(3);
});

describe('the provider says', () => {
  const headers = { limits: {}, remaining: {}, status: 200 };

  test('its limits: they hold from then on', async () => {
    const one = budget('a', {});
    ask(one, names('free', 500));
    await pass(1);
    expect(made).toHaveLength(500);
    one.note({ ...headers, limits: { requests: 600 }, remaining: { requests: 0 } }, none);
    await pass(1);
    ask(one, names('call', 1_000));
    await pass(5);
    const before = made.length;
    await pass(30);
    expect(made.length - before).toBeGreaterThanOrEqual(295);
    expect(made.length - before).toBeLessThanOrEqual(305);
  });

  test('429 for its limit: nobody calls until the time it names, and then everybody goes on', async () => {
    const [a, b] = [budget('a'), budget('b')];
    ask(a, names('a', 1_000));
    ask(b, names('b', 1_000));
    await pass(5);
    a.note({ limits: { requests: 600 }, remaining: { requests: 0 }, status: 429, retryAfterMs: 8_000 }, none);
    await pass(1);
    const before = made.length;
    await pass(6);
    expect(made.length).toBe(before);
    await pass(3);
    expect(made.slice(before).some((name) => name.startsWith('a'))).toBe(true);
    expect(made.slice(before).some((name) => name.startsWith('b'))).toBe(true);
  });

  test('429 for one call, while there is enough left: the others go on', async () => {
    const one = budget();
    ask(one, names('call', 1_000));
    await pass(5);
    const before = made.length;
    one.note(
      { limits: { requests: 600 }, remaining: { requests: 70 }, status: 429, retryAfterMs: 8_000 },
      none,
    );
    await pass(5);
    expect(made.length).toBeGreaterThan(before + 40);
  });

  test('429 again and again, and no limit: that there is one', async () => {
    const one = budget('a', {});
    ask(one, ['first']);
    await pass(1);
    for (let times = 0; times < 3; times++) one.note({ ...headers, status: 429, retryAfterMs: 5_000 }, none);
    ask(one, ['second']);
    await pass(4);
    expect(made).toEqual(['first']);
    await pass(3);
    expect(made).toEqual(['first', 'second']);
  });
});

describe('while the database is away', () => {
  test('calls go on with the share this process had', async () => {
    const [a, b] = [budget('a'), budget('b')];
    ask(a, names('a', 2_000));
    ask(b, names('b', 2_000));
    await pass(5);
    store.away = true;
    await pass(5);
    const before = made.length;
    await pass(60);
    expect(made.length - before).toBeGreaterThan(540);
    expect(made.length - before).toBeLessThan(660);
    expect(a.troubles.length).toBeGreaterThan(0);
  });

  test('what the provider says of its limits is learned when it is back', async () => {
    const one = budget('a', {});
    ask(one, ['first']);
    await pass(1);
    store.away = true;
    one.note({ status: 200, limits: { requests: 60 }, remaining: {} }, { used: 0, most: 0 });
    await pass(1);
    expect(store.limits).toEqual({});
    store.away = false;
    for (let seconds = 0; seconds < 60; seconds++) {
      ask(one, [`call${seconds}`]);
      await pass(1);
    }
    expect(store.limits).toEqual({ requests: 60 });
  });

  test('and nothing was ever learned: calls go on', async () => {
    store.away = true;
    const one = budget('a', {});
    ask(one, names('call', 50));
    await pass(1);
    expect(made).toHaveLength(50);
    expect(one.troubles).toEqual([]);
  });
});

test('a store that hangs is asked one thing, and again when it has answered that', async () => {
  const one = budget();
  ask(one, ['first']);
  await pass(1);
  let asked = 0;
  let goOn!: () => void;
  const hung = new Promise<void>((resolve) => (goOn = resolve));
  const { options } = one as unknown as { options: { store: BudgetStore } };
  const { store: healthy } = options;
  options.store = {
    ...healthy,
    meet: async (...request) => {
      asked += 1;
      await hung;
      return healthy.meet(...request);
    },
  };
  ask(one, names('call', 200));
  await pass(10);
  expect(asked).toBe(1);
  // With the share that it had before.
  expect(made.length).toBeGreaterThan(50);
  goOn();
  await pass(1);
  expect(asked).toBeGreaterThan(1);
});
