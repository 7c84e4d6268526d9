import { createHandOver } from '../../../bridge/kafka/hand-over';
import { createRequests } from '../../../bridge/kafka/requests';
import { createUntilDone } from '../../../bridge/kafka/until-done';
import { FakeTemporal } from './fake-temporal';
import { batchOf, deferred, readSimply, records, settled, silent } from './support';

/** A bridge whose packs all go through a payload store that takes until `stored` resolves. */
function open(temporal: FakeTemporal, stored: Promise<void>) {
  const stopping = new AbortController();
  const watermarks: bigint[] = [];
  let uploads = 0;
  const requests = createRequests({
    startPack: () => Promise.reject(new Error('none of these packs is small')),
    async startStoredPack(pack) {
      uploads += 1;
      await stored;
      return temporal.start(pack);
    },
    isStored: () => true,
    // As where visibility lags behind.
    findExistingPacks: () => Promise.resolve({ packs: [], more: false }),
    sendDeadLetters: (poison) =>
      Promise.resolve(void temporal.deadLetters.push(...poison.map(({ record }) => Number(record.offset)))),
    stopping: stopping.signal,
    concurrency: 2,
    letGoMs: { first: 20, again: 5 },
  });
  const handOver = createHandOver({
    requests,
    readRecord: readSimply,
    committer: {
      durable: (_, next) => void watermarks.push(next),
      flush: () => Promise.resolve(),
      forget: () => undefined,
    },
    limits: { maxJobs: 50, maxBytes: 524_288 },
    lingerMs: 0,
    untilDone: createUntilDone(silent, stopping.signal).untilDone,
    logger: silent,
  });
  return { handOver, watermarks, uploads: () => uploads };
}

/** What becomes of a batch of a partition that is in trouble already: where to read on, and whether it is set aside. */
async function brought(handOver: ReturnType<typeof open>['handOver'], count: number, ...poison: number[]) {
  const setAside = jest.fn();
  const next = await handOver.batch({ ...batchOf(records(count, ...poison)), patienceMs: 0, setAside });
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
