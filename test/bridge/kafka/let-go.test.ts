import { createHandOver } from '../../../bridge/kafka/hand-over';
import { createRequests } from '../../../bridge/kafka/requests';
import { createUntilDone } from '../../../bridge/kafka/until-done';
import type { PackToStart } from '../../../bridge/start-pack';
import { FakeTemporal } from './fake-temporal';
import { batchOf, deferred, readSimply, records, settled, silent } from './support';

/** A bridge whose packs all go through a payload store that takes until `stored` resolves. */
function open(
  temporal: FakeTemporal,
  stored: Promise<void> | ((pack: PackToStart) => Promise<void>),
  { written = Promise.resolve(), maxJobs = 50 } = {},
) {
  const stopping = new AbortController();
  const watermarks: bigint[] = [];
  let uploads = 0;
  const requests = createRequests({
    startPack: () => Promise.reject(new Error('none of these packs is small')),
    async startStoredPack(pack) {
      uploads += 1;
      await (typeof stored === 'function' ? stored(pack) : stored);
      return temporal.start(pack);
    },
    isStored: () => true,
    // As where visibility lags behind.
    findExistingPacks: () => Promise.resolve({ packs: [], more: false }),
    async sendDeadLetters(poison) {
      await written;
      temporal.deadLetters.push(...poison.map(({ record }) => Number(record.offset)));
    },
    stopping: stopping.signal,
    concurrency: 2,
    limits: { firstMs: 3_600_000, againMs: 5 },
  });
  const handOver = createHandOver({
    requests,
    readRecord: readSimply,
    committer: {
      durable: (_, next) => void watermarks.push(next),
      flush: () => Promise.resolve(),
      forget: () => undefined,
    },
    limits: { maxJobs, maxBytes: 524_288 },
    lingerMs: 0,
    untilDone: createUntilDone(silent, stopping.signal).untilDone,
    logger: silent,
  });
  return { handOver, watermarks, uploads: () => uploads };
}

/** What becomes of a batch of a partition that is in trouble already: where to read on, and whether it is set aside. */
async function brought(handOver: ReturnType<typeof open>['handOver'], count: number, ...poison: number[]) {
  const setAside = jest.fn();
  const next = await handOver.batch({ ...batchOf(records(count, ...poison)), patienceMs: () => 0, setAside });
  return [next, setAside.mock.calls.length];
}

test('a pack that takes long is let go, stored once, and committed once it is durable, though more records have come', async () => {
  const temporal = new FakeTemporal();
  const stored = deferred();
  const { handOver, watermarks, uploads } = open(temporal, stored.promise);
  await expect(brought(handOver, 3)).resolves.toEqual([0n, 1]);
  await expect(brought(handOver, 5)).resolves.toEqual([0n, 1]);
  expect([watermarks, uploads()]).toEqual([[], 1]);
  stored.resolve();
  await settled();
  await expect(brought(handOver, 7)).resolves.toEqual([7n, 0]);
  expect([temporal.jobs(), watermarks, uploads()]).toEqual([[0, 1, 2, 3, 4, 5, 6], [3n, 7n], 2]);
});

test('dead letters in front of a pack that is let go are written once', async () => {
  const temporal = new FakeTemporal();
  const stored = deferred();
  const { handOver, watermarks } = open(temporal, stored.promise);
  await brought(handOver, 3, 0);
  await brought(handOver, 4, 0, 3);
  expect([temporal.deadLetters, watermarks]).toEqual([[0, 3], []]);
  stored.resolve();
  await settled();
  await brought(handOver, 4, 0, 3);
  expect([temporal.deadLetters, temporal.jobs()]).toEqual([
    [0, 3],
    [1, 2],
  ]);
  expect(watermarks.at(-1)).toBe(4n);
});

test('whoever gets the partition next writes them again, since nothing behind them is committed', async () => {
  const temporal = new FakeTemporal();
  const { handOver } = open(temporal, new Promise(() => undefined));
  await brought(handOver, 3, 0);
  handOver.forget();
  await brought(handOver, 3, 0);
  expect(temporal.deadLetters).toEqual([0, 0]);
});

test('dead letters that take long are written once too, and those that come meanwhile after them', async () => {
  const temporal = new FakeTemporal();
  const written = deferred();
  const { handOver, watermarks } = open(temporal, Promise.resolve(), { written: written.promise });
  await expect(brought(handOver, 1, 0)).resolves.toEqual([0n, 1]);
  await expect(brought(handOver, 3, 0, 1)).resolves.toEqual([0n, 1]);
  written.resolve();
  await settled();
  await expect(brought(handOver, 3, 0, 1)).resolves.toEqual([3n, 0]);
  expect([temporal.deadLetters, temporal.jobs(), watermarks]).toEqual([[0, 1], [2], [3n]]);
});

test('a partition that got on has all patience again: the next pack may take its time', async () => {
  const temporal = new FakeTemporal();
  const stored = deferred();
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
  const { handOver } = open(temporal, ({ range }) => (range?.firstOffset === 0n ? stored.promise : slow()), {
    maxJobs: 2,
  });
  let patienceMs = 0;
  const setAside = jest.fn();
  const batch = {
    ...batchOf(records(6)),
    patienceMs: () => patienceMs,
    progressed: () => void (patienceMs = 5_000),
    setAside,
  };
  await expect(handOver.batch(batch)).resolves.toBe(0n);
  stored.resolve();
  await settled();
  await expect(handOver.batch(batch)).resolves.toBe(6n);
  expect(setAside).toHaveBeenCalledTimes(1);
});
