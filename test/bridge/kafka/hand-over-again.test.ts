import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { Away, FakeTemporal, openBridge } from './fake-temporal';
import { batchOf, deferred, queueRecord, range, readSimply, records, settled } from './support';

let temporal: FakeTemporal;
beforeEach(() => {
  temporal = new FakeTemporal();
});

describe('records that are read again', () => {
  it('a record that was poison, and no longer is, does not take the pack behind it along', async () => {
    const fetched = [queueRecord(0, { value: 'poison' }), ...records(20).slice(1)];
    await openBridge({ temporal }).handOver.batch(batchOf(fetched));
    // The pipeline was deployed since, and an operator reset the group to have the record tried again.
    const readRecord = (record: QueueRecord) => readSimply({ ...record, value: Buffer.from('a job by now') });
    const { handOver } = openBridge({ temporal, readRecord });
    await handOver.batch(batchOf(fetched));
    expect(temporal.jobs()).toEqual(fetched.map(({ offset }) => Number(offset)));
  });

  it('a pack that Temporal has forgotten is not filled up with jobs of the next one', async () => {
    await openBridge({ temporal, limits: { maxJobs: 5 } }).handOver.batch(batchOf(records(20)));
    const [oldest] = temporal.packs.keys();
    temporal.packs.delete(oldest ?? '');
    await openBridge({ temporal, limits: { maxJobs: 50 } }).handOver.batch(batchOf(records(20)));
    expect(temporal.jobs()).toEqual(records(20).map(({ offset }) => Number(offset)));
  });

  it('a stretch of records that were poison once does not end the search for the packs behind it', async () => {
    const fetched = [0, 1, 2, 3].map((offset) => queueRecord(offset, { value: 'poison' }));
    const all = [...fetched, ...records(8).slice(4)];
    await openBridge({ temporal }).handOver.batch(batchOf(all));
    // The pipeline was deployed since, and an operator reset the group. The first fetch meets no pack at all.
    const readRecord = (record: QueueRecord) => readSimply({ ...record, value: Buffer.from('a job by now') });
    const { handOver } = openBridge({ temporal, readRecord });
    await handOver.batch(batchOf(all.slice(0, 2)));
    await handOver.batch(batchOf(all.slice(2)));
    expect(temporal.jobs()).toEqual(range(0, 8));
  });
});

describe('a bridge that lost the partition', () => {
  it('commits nothing for the start that was under way, and begins nothing new', async () => {
    const start = deferred();
    let held = true;
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeStart: ({ range: at }) => (at?.firstOffset === 2n ? start.promise : undefined),
    });
    const handing = handOver.batch(batchOf(records(8), () => held));
    await settled();
    held = false;
    start.resolve();
    await expect(handing).resolves.toBe(2n);
    expect(watermarks).toEqual([2n]);
    expect(temporal.jobs()).toEqual(range(0, 4));
  });

  it('commits what became durable then when it comes again: only a heartbeat had failed', async () => {
    let held = true;
    const { handOver, watermarks } = openBridge({ temporal, afterStart: () => void (held = false) });
    const next = await handOver.batch(batchOf(records(3), () => held));
    expect([temporal.jobs(), watermarks]).toEqual([[0, 1, 2], []]);
    held = true;
    await handOver.batch(batchOf(records(3).slice(Number(next)), () => held));
    expect([temporal.jobs(), watermarks]).toEqual([[0, 1, 2], [3n]]);
  });

  it('gives up on a start that keeps failing', async () => {
    let held = true;
    let tries = 0;
    const { handOver, watermarks } = openBridge({
      temporal,
      beforeStart: () => {
        if (++tries === 3) held = false;
        throw new Away();
      },
    });
    await expect(handOver.batch(batchOf(records(3), () => held))).resolves.toBe(0n);
    expect([watermarks, tries]).toEqual([[], 3]);
  });

  it('gives up on dead letters that cannot be written, without passing them', async () => {
    let held = true;
    const { handOver, watermarks } = openBridge({
      temporal,
      beforeDeadLetters: () => {
        held = false;
        throw new Away('not enough in-sync replicas');
      },
    });
    await expect(handOver.batch(batchOf(records(3, 1), () => held))).resolves.toBe(0n);
    expect(watermarks).toEqual([]);
  });

  it('does nothing at all when it was lost before the batch came', async () => {
    const { handOver, watermarks } = openBridge({ temporal });
    await expect(handOver.batch(batchOf(records(3), () => false))).resolves.toBe(0n);
    expect([temporal.packs.size, watermarks]).toEqual([0, []]);
  });

  it('a bridge that lost the partition while it looked for a covering pack commits nothing', async () => {
    await openBridge({ temporal }).handOver.batch(batchOf(records(20)));
    let held = true;
    const { handOver, watermarks } = openBridge({
      temporal,
      beforeFind: () => void (held = false),
    });
    await handOver.batch(batchOf(records(12).slice(9), () => held));
    expect(watermarks).toEqual([]);
  });
});

describe('two bridges that both believe they own the partition', () => {
  it('share it without overlap or gap, however their packs are cut', async () => {
    const all = records(30);
    const one = openBridge({
      temporal,
      limits: { maxJobs: 7 },
      beforeStart: () => settled(),
    });
    const other = openBridge({
      temporal,
      limits: { maxJobs: 3 },
      beforeStart: () => settled(),
    });
    const ends = [one.handOver.batch(batchOf(all)), other.handOver.batch(batchOf(all))];
    await expect(Promise.all(ends)).resolves.toEqual([30n, 30n]);
    expect(temporal.jobs()).toEqual(range(0, 30));
  });

  it('do so also when one is far behind', async () => {
    const start = deferred();
    const zombie = openBridge({
      temporal,
      limits: { maxJobs: 5 },
      beforeStart: () => start.promise,
    });
    const handing = zombie.handOver.batch(batchOf(records(20)));
    await settled();
    await openBridge({ temporal, limits: { maxJobs: 8 } }).handOver.batch(batchOf(records(20)));
    start.resolve();
    await handing;
    expect(temporal.jobs()).toEqual(range(0, 20));
    expect(zombie.watermarks).toEqual([8n, 16n, 20n]);
  });
});
