import { Away, FakeTemporal, openBridge, type FakeBridgeOptions } from './fake-temporal';
import { batchOf, deferred, queueRecord, records } from './support';

const LINGER_MS = 500;
const NOW = 1_000_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

interface Fetched extends Partial<FakeBridgeOptions> {
  count: number;
  poison?: number[];
  behind?: number;
  paused?: boolean;
}

/** What becomes of a batch: how long the partition rests behind it, in ms, what is to be read next, and when the last of its packs was committed. Packs have four jobs at most. */
async function after(fetched: Fetched) {
  const {
    count,
    poison = [],
    behind = 0,
    paused = false,
    temporal = new FakeTemporal(),
    ...options
  } = fetched;
  jest.setSystemTime(NOW);
  const rested: number[] = [];
  let committedAt: number | undefined;
  const { handOver } = openBridge({
    lingerMs: LINGER_MS,
    onCommit: () => (committedAt = Date.now() - NOW),
    ...options,
    limits: { maxJobs: 4, ...options.limits },
    temporal,
  });
  const rest = (ms: number) => {
    rested.push(ms);
    jest.setSystemTime(Date.now() + ms);
    return Promise.resolve();
  };
  const isPaused = () => paused && committedAt !== undefined;
  const all = { ...batchOf(records(count, ...poison), () => true, isPaused), behind, rest };
  const next = Number(await handOver.batch(all));
  return { rested, next, committedAt };
}

test('a record that comes alone is handed over and committed at once, and its partition rests', async () => {
  expect(await after({ count: 1 })).toEqual({ rested: [LINGER_MS], next: 1, committedAt: 0 });
  expect(await after({ count: 3 })).toEqual({ rested: [LINGER_MS], next: 3, committedAt: 0 });
});

test('what is left behind a full pack is not begun: it comes again after the rest, with what arrives meanwhile', async () => {
  const temporal = new FakeTemporal();
  expect(await after({ count: 7, temporal })).toEqual({ rested: [LINGER_MS], next: 4, committedAt: 0 });
  expect(temporal.jobs()).toEqual([0, 1, 2, 3]);
  const { handOver } = openBridge({ temporal, limits: { maxJobs: 4 }, lingerMs: LINGER_MS });
  await expect(handOver.batch(batchOf(records(9).slice(4)))).resolves.toBe(8n);
  expect([...temporal.packs.values()].map(({ offsets }) => offsets)).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
});

test('the time that the start took counts', async () => {
  const slow = (ms: number) => ({ beforeStart: () => jest.setSystemTime(NOW + ms) });
  expect((await after({ count: 1, ...slow(200) })).rested).toEqual([300]);
  expect((await after({ count: 1, ...slow(600) })).rested).toEqual([]);
});

test('nothing rests behind a full pack, whatever made it full', async () => {
  expect(await after({ count: 8 })).toMatchObject({ rested: [], next: 8 });
  expect(await after({ count: 1, limits: { maxJobs: 1 } })).toMatchObject({ rested: [], next: 1 });
  // Each has a pack for itself, and no other would fit in.
  expect(await after({ count: 3, limits: { maxBytes: 10 } })).toMatchObject({ rested: [], next: 3 });
});

test('nothing rests beside a backlog, in this partition or another one', async () => {
  expect((await after({ count: 1, behind: 4 })).rested).toEqual([]);
  expect((await after({ count: 1, behind: 3 })).rested).toEqual([LINGER_MS]);
  const started = deferred();
  const { handOver } = openBridge({
    temporal: new FakeTemporal(),
    limits: { maxJobs: 4 },
    lingerMs: LINGER_MS,
    beforeStart: ({ jobs }) => (jobs.length === 4 ? started.promise : undefined),
  });
  const rest = jest.fn(() => Promise.resolve());
  const large = handOver.batch({ ...batchOf(records(4)), behind: 400, rest });
  const other = records(1).map((record) => ({ ...record, partition: 1 }));
  await handOver.batch({ ...batchOf(other), partition: 1, rest });
  started.resolve();
  await large;
  expect(rest).not.toHaveBeenCalled();
});

test('a backlog counts until its next records are here, or nobody reads them', async () => {
  const temporal = new FakeTemporal();
  const { handOver } = openBridge({
    temporal,
    limits: { maxJobs: 4 },
    lingerMs: LINGER_MS,
    beforeDeadLetters: () => {
      throw new Away();
    },
  });
  const rest = jest.fn(() => Promise.resolve());
  // Far behind those of the first partition: this Temporal knows one partition only.
  const restsOf = async (nth: number) => {
    const other = queueRecord(1_000 + nth, { partition: 1 });
    await handOver.batch({ ...batchOf([other]), partition: 1, rest });
    return rest.mock.calls.length;
  };
  await handOver.batch({ ...batchOf(records(4)), behind: 400, rest });
  expect(await restsOf(0)).toBe(0);
  await handOver.batch({ ...batchOf(records(8).slice(4)), behind: 3, rest });
  expect(await restsOf(1)).toBe(1);
  await handOver.batch({ ...batchOf(records(9, 8).slice(8)), behind: 400, patienceMs: () => 0, rest });
  expect(await restsOf(2)).toBe(2);
  await handOver.batch({ ...batchOf(records(13, 8).slice(9)), behind: 400, rest });
  expect(await restsOf(3)).toBe(2);
  jest.setSystemTime(Date.now() + 5_000);
  expect(await restsOf(4)).toBe(3);
  await handOver.batch({ ...batchOf(records(17).slice(13)), behind: 400, rest });
  expect(await restsOf(5)).toBe(3);
  handOver.forget();
  expect(await restsOf(6)).toBe(4);
});

test('nothing rests where no workflow was started, or the bridge is paused', async () => {
  const temporal = new FakeTemporal();
  await after({ count: 1, temporal });
  expect((await after({ count: 1, temporal })).rested).toEqual([]);
  expect((await after({ count: 2, poison: [0, 1] })).rested).toEqual([]);
  expect((await after({ count: 1, paused: true })).rested).toEqual([]);
});

test('nothing rests where packs are not to wait', async () => {
  expect(await after({ count: 7, lingerMs: 0 })).toMatchObject({ rested: [], next: 7 });
});
