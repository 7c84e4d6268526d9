import { Away, FakeLedger, FakeTemporal, openBridge, type FakeBridgeOptions } from './fake-temporal';
import { deferred, queueRecord, readWithId, settled } from './support';

/** Records of partition 0 from offset 0 on, each with this job id, or `poison`. */
const recordsOf = (...ids: string[]) => ids.map((value, offset) => queueRecord(offset, { value }));
const batchOf = (records: ReturnType<typeof recordsOf>, held: () => boolean = () => true) => ({
  partition: 0,
  records,
  behind: 0,
  owned: held,
  held,
  paused: () => false,
  patienceMs: () => 5_000,
  progressed: () => undefined,
  rest: () => Promise.resolve(),
  setAside: () => undefined,
});

let temporal: FakeTemporal;
let ledger: FakeLedger;
beforeEach(() => {
  temporal = new FakeTemporal();
  ledger = new FakeLedger();
});
const bridge = (options: Partial<FakeBridgeOptions> = {}) =>
  openBridge({ temporal, ledger, readRecord: readWithId, ...options });

describe('a record whose job id came before', () => {
  it('lies inside the range of the pack without being in it', async () => {
    const { handOver, watermarks } = bridge();
    await expect(handOver.batch(batchOf(recordsOf('a', 'b', 'a', 'c', 'b')))).resolves.toBe(5n);
    expect([...temporal.packs.values()]).toEqual([{ offsets: [0, 1, 3], first: 0n, last: 4n }]);
    expect(watermarks).toEqual([5n]);
  });

  it('is left out without a pack, when all of them are', async () => {
    await bridge().handOver.batch(batchOf(recordsOf('a', 'b')));
    const { handOver, watermarks } = bridge();
    const again = recordsOf('-', '-', 'a', 'b').slice(2);
    await expect(handOver.batch(batchOf(again))).resolves.toBe(4n);
    expect([temporal.packs.size, watermarks]).toEqual([1, [4n]]);
  });

  it('does not keep the poison beside it from being put aside', async () => {
    await bridge().handOver.batch(batchOf(recordsOf('a')));
    await bridge().handOver.batch(batchOf(recordsOf('-', 'a', 'poison').slice(1)));
    expect(temporal.deadLetters).toEqual([2]);
  });

  it('is a job of its own without the ledger', async () => {
    await bridge({ ledger: undefined }).handOver.batch(batchOf(recordsOf('a', 'a')));
    expect(temporal.jobs()).toEqual([0, 1]);
  });
});

describe('while the ledger is away', () => {
  it('nothing is started, and the offset stays', async () => {
    let away = 20;
    const { handOver, watermarks } = bridge({
      limits: { maxJobs: 2 },
      beforeClaim: () => {
        if (watermarks.length === 0 || away-- <= 0) return;
        expect([temporal.jobs(), watermarks]).toEqual([[0, 1], [2n]]);
        throw new Away();
      },
    });
    await handOver.batch(batchOf(recordsOf('a', 'b', 'c', 'd')));
    expect([temporal.jobs(), watermarks]).toEqual([
      [0, 1, 2, 3],
      [2n, 4n],
    ]);
  });

  it('a bridge that loses the partition starts and commits nothing', async () => {
    let held = true;
    const { handOver, watermarks } = bridge({
      beforeClaim: () => {
        held = false;
        throw new Away();
      },
    });
    await expect(handOver.batch(batchOf(recordsOf('a'), () => held))).resolves.toBe(0n);
    expect([temporal.packs.size, watermarks]).toEqual([0, []]);
  });
});

describe('after a bridge that ended between its claims and its start', () => {
  it('the next one starts the jobs: the claims are those of the records, not of the bridge', async () => {
    let held = true;
    const first = bridge({ afterClaim: () => void (held = false) });
    await first.handOver.batch(batchOf(recordsOf('a', 'b', 'c'), () => held));
    expect([temporal.packs.size, ledger.owners.size]).toEqual([0, 3]);
    await bridge({ limits: { maxJobs: 2 } }).handOver.batch(batchOf(recordsOf('a', 'b', 'c')));
    expect(temporal.jobs()).toEqual([0, 1, 2]);
  });

  it('a duplicate that was read meanwhile is left out, and the job is done by whoever gets the first record', async () => {
    let held = true;
    const dying = bridge({ afterClaim: () => void (held = false) });
    await dying.handOver.batch(batchOf(recordsOf('a'), () => held));
    const other = [queueRecord(0, { partition: 1, value: 'a' })];
    await expect(bridge().handOver.batch({ ...batchOf(other), partition: 1 })).resolves.toBe(1n);
    expect(temporal.packs.size).toBe(0);
    await bridge().handOver.batch(batchOf(recordsOf('a')));
    expect([...temporal.packs.keys()]).toEqual(['x-jobs-queue-0-0-1000']);
  });
});

describe('a range that begins with a duplicate', () => {
  // The last two are duplicates of the first two.
  const all = recordsOf('a', 'b', 'a', 'b', 'c', 'd');
  const rest = all.slice(2);

  beforeEach(() => bridge().handOver.batch(batchOf(all.slice(0, 2))));

  it('is found again behind it: redelivery neither overlaps nor leaves a gap', async () => {
    await bridge().handOver.batch(batchOf(rest));
    for (const maxJobs of [1, 2, 3, 50]) {
      const { handOver, watermarks } = bridge({ limits: { maxJobs } });
      await handOver.batch(batchOf(rest));
      expect(watermarks.at(-1)).toBe(6n);
    }
    expect(temporal.jobs()).toEqual([0, 1, 4, 5]);
  });

  it('is so also where visibility does not know the pack yet', async () => {
    await bridge().handOver.batch(batchOf(rest));
    temporal.findExisting = () => ({ packs: [], more: false });
    for (const maxJobs of [1, 2, 3, 50]) {
      await bridge({ limits: { maxJobs } }).handOver.batch(batchOf(rest));
    }
    expect(temporal.jobs()).toEqual([0, 1, 4, 5]);
  });

  it('is shared by two bridges that both believe they own the partition, however they cut it', async () => {
    const start = deferred();
    const zombie = bridge({ limits: { maxJobs: 50 }, beforeStart: () => start.promise });
    const handing = zombie.handOver.batch(batchOf(rest));
    await settled();
    // Skips both duplicates without a pack, and begins the next one behind them.
    await bridge({ limits: { maxJobs: 2 } }).handOver.batch(batchOf(rest));
    start.resolve();
    await handing;
    expect(temporal.jobs()).toEqual([0, 1, 4, 5]);
    expect(zombie.watermarks.at(-1)).toBe(6n);
  });
});
