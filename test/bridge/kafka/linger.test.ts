import { FakeTemporal, openBridge, type FakeBridgeOptions } from './fake-temporal';
import { batchOf, records } from './support';

const LINGER_MS = 500;
const NOW = 1_000_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

interface Fetched extends Partial<FakeBridgeOptions> {
  count: number;
  poison?: number[];
  behind?: number;
}

/** How long the partition rests after a batch, in ms, and when the last of its packs was committed. Packs have four jobs at most. */
async function after({ count, poison = [], behind = 0, temporal = new FakeTemporal(), ...options }: Fetched) {
  jest.setSystemTime(NOW);
  const rested: number[] = [];
  let committedAt: number | undefined;
  const { handOver } = openBridge({
    limits: { maxJobs: 4 },
    lingerMs: LINGER_MS,
    onCommit: () => (committedAt = Date.now() - NOW),
    ...options,
    temporal,
  });
  const rest = (ms: number) => {
    rested.push(ms);
    jest.setSystemTime(Date.now() + ms);
    return Promise.resolve();
  };
  await handOver.batch({ ...batchOf(records(count, ...poison)), behind, rest });
  return { rested, committedAt };
}

test('a record that comes alone is handed over and committed at once; others that come soon after it wait for each other', async () => {
  expect(await after({ count: 1 })).toEqual({ rested: [LINGER_MS], committedAt: 0 });
  expect(await after({ count: 7 })).toEqual({ rested: [LINGER_MS], committedAt: 0 });
});

test('the time that the start took counts', async () => {
  const slow = (ms: number) => ({ beforeStart: () => jest.setSystemTime(NOW + ms) });
  expect((await after({ count: 1, ...slow(200) })).rested).toEqual([300]);
  expect((await after({ count: 1, ...slow(600) })).rested).toEqual([]);
});

test('nothing waits behind a full pack, or where the next one can be full', async () => {
  expect((await after({ count: 8 })).rested).toEqual([]);
  expect((await after({ count: 1, behind: 4 })).rested).toEqual([]);
  expect((await after({ count: 1, behind: 3 })).rested).toEqual([LINGER_MS]);
});

test('nothing waits where no workflow was started', async () => {
  const temporal = new FakeTemporal();
  await after({ count: 1, temporal });
  expect((await after({ count: 1, temporal })).rested).toEqual([]);
  expect((await after({ count: 2, poison: [0, 1] })).rested).toEqual([]);
});

test('nothing waits where packs are not to wait', async () => {
  expect((await after({ count: 1, lingerMs: 0 })).rested).toEqual([]);
});
