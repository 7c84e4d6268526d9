import { TokenCount, type Tokens } from '../../../../activities/call-llm/budget/token-count';

const LIMIT = 60_000;
const CAPACITY = 10_000;
/** Where the provider's bucket is to be, so that no call is made dearer or cheaper. */
const WANTED = 3_000;

/** A provider whose bucket is left where it is: all that comes in is counted for calls. */
function provider(count: TokenCount, remaining = WANTED) {
  const totals = { used: 0, most: 0 };
  let at = 0;
  const read = (ownLimit: boolean) =>
    count.read({ remaining, limit: LIMIT, capacity: CAPACITY, at }, 0, ownLimit);
  /** So much was done in each of so many seconds, while the provider counted 1,000 tokens. */
  return (
    seconds: number,
    done: Tokens,
    { isShort = true, ownLimit = false, left = remaining, change = 0 } = {},
  ) => {
    remaining = left;
    for (let second = 0; second <= seconds; second++) {
      read(ownLimit);
      count.learn({ ...totals }, isShort, at);
      at += 1_000;
      remaining += change;
      totals.used += done.used;
      totals.most += done.most;
    }
  };
}

const call = { used: 300, most: 1_000 };
let count: TokenCount;
beforeEach(() => (count = new TokenCount()));

test('until anything is known, all that a call may use is counted', () => expect(count.of(call)).toBe(1_000));

test('a provider that says nothing of tokens: what is used is counted, and settled', () => {
  count.readNothing();
  expect(count.of(call)).toBe(300);
  expect(count.settled(300, 500)).toBe(-200);
});

test('one that counts all of it when the call is made: so do we, and nothing comes back', () => {
  provider(count)(5, { used: 290, most: 1_000 });
  expect(count.of(call)).toBeCloseTo(1_000);
  expect(count.settled(300, 100)).toBe(0);
});

test('one that counts what was used: so do we, whatever was asked for', () => {
  provider(count)(5, { used: 1_000, most: 3_400 });
  expect(count.of(call)).toBeCloseTo(300);
  expect(count.of({ used: 300, most: 50_000 })).toBeCloseTo(300);
  expect(count.settled(300, 500)).toBeCloseTo(-200);
});

test('one that counts a fifth more than we do, or others who use the same limit: a call takes that much more', () => {
  provider(count)(5, { used: 200, most: 833 });
  expect(count.of(call)).toBeCloseTo(1_200, -1);
});

test('what changes in its bucket was counted too, or was not', () => {
  provider(count)(5, { used: 200, most: 1_500 }, { left: 8_000, change: -500 });
  expect(count.of(call) * (5_500 / WANTED) ** 0.1).toBeCloseTo(1_000, -1);
});

test('the newest stretches count most', () => {
  const pass = provider(count);
  pass(20, { used: 200, most: 1_000 });
  pass(120, { used: 200, most: 500 });
  expect(count.of(call)).toBeGreaterThan(1_900);
});

describe('a bucket that stays full', () => {
  const full = { left: CAPACITY };

  test('while calls wait for tokens: we count too much, and count less and less, but never less than is used', () => {
    const pass = provider(count, CAPACITY);
    pass(2, { used: 0, most: 1_000 }, full);
    expect(count.of(call)).toBeLessThan(600);
    pass(20, { used: 0, most: 1_000 }, full);
    expect(count.of(call)).toBeCloseTo(300 * (CAPACITY / WANTED) ** -0.1);
  });

  test('while none waits: says nothing', () => {
    const pass = provider(count, CAPACITY);
    pass(20, { used: 0, most: 1_000 }, { ...full, isShort: false });
    pass(0, { used: 0, most: 0 }, { left: WANTED, isShort: false });
    expect(count.of(call)).toBe(1_000);
  });

  test('because less is configured: is no reason to go beyond that', () => {
    provider(count, CAPACITY)(1, { used: 0, most: 100 }, { ...full, isShort: false, ownLimit: true });
    expect(count.of(call)).toBe(1_000);
  });
});

test('the less is left in its bucket, the more a call takes', () => {
  const [some, little, none] = [WANTED, WANTED / 2, 0].map((remaining) => {
    count.read({ remaining, limit: LIMIT, capacity: CAPACITY, at: 0 }, 0, false);
    return count.of(call);
  });
  expect(some).toBe(1_000);
  expect(little).toBeCloseTo(1_072, 0);
  expect(none).toBeCloseTo(1_349, 0);
});

test('a bucket that holds just one call is not taken for empty', () => {
  count.read({ remaining: 0, limit: LIMIT, capacity: 1_000, at: 0 }, 1_000, false);
  expect(count.of(call)).toBe(1_000);
});

test('sums that begin anew with the database teach nothing', () => {
  provider(count)(5, { used: 290, most: 1_000 });
  const before = count.of(call);
  count.read({ remaining: WANTED, limit: LIMIT, capacity: CAPACITY, at: 8_000 }, 0, false);
  count.learn({ used: 500, most: 4_000 }, true, 8_000);
  expect(count.of(call)).toBe(before);
});

describe('answers that are held until their calls have ended', () => {
  const read = (at: number, remaining: number) =>
    count.read({ remaining, limit: LIMIT, capacity: CAPACITY, at }, 0, false);

  test('are compared with what was done when the calls were made', () => {
    // A great many calls were made after those whose answers come now.
    count.learn({ used: 0, most: 0 }, true, 0);
    count.learn({ used: 500, most: 4_000 }, true, 2_000);
    count.learn({ used: 900, most: 90_000 }, true, 10_000);
    read(0, WANTED);
    count.learn({ used: 900, most: 90_000 }, true, 10_300);
    read(2_000, WANTED);
    count.learn({ used: 900, most: 90_000 }, true, 12_000);
    expect(count.of(call)).toBeCloseTo(500);
  });

  test('teach once that we count too much, until one tells what came of it', () => {
    for (let at = 0; at <= 10_000; at += 1_000) count.learn({ used: 0, most: at }, true, at);
    for (let at = 0; at <= 5_000; at += 1_000) {
      read(at, CAPACITY);
      count.learn({ used: 0, most: 10_000 }, true, 10_000 + at);
    }
    read(0, WANTED);
    expect(count.of(call)).toBeCloseTo(800 * (CAPACITY / WANTED) ** -0.1);
  });

  test('that come late tell nothing', () => {
    read(5_000, WANTED);
    read(1_000, 0);
    expect(count.of(call)).toBe(1_000);
  });
});
