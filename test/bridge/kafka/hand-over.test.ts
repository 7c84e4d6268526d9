import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { Away, FakeTemporal, openBridge } from './fake-temporal';
import { batchOf, deferred, queueRecord, range, records, settled } from './support';

let temporal: FakeTemporal;
beforeEach(() => {
  temporal = new FakeTemporal();
});

describe('a batch', () => {
  it('is handed over in packs, each beginning where the one before ends', async () => {
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 4 },
    });
    await expect(handOver.batch(batchOf(records(10)))).resolves.toBe(10n);
    expect([...temporal.packs.keys()]).toEqual([
      'x-jobs-queue-0-0-1000',
      'x-jobs-queue-0-4-1004',
      'x-jobs-queue-0-8-1008',
    ]);
    expect(temporal.jobs()).toEqual(range(0, 10));
    expect(watermarks).toEqual([4n, 8n, 10n]);
  });

  it('tells a pack where it begins and ends', async () => {
    const started: unknown[] = [];
    const { handOver } = openBridge({
      temporal,
      beforeStart: ({ range: at }) => void started.push(at),
    });
    await handOver.batch(batchOf(records(3, 2)));
    expect(started).toEqual([{ partition: 'x-jobs-queue-0', firstOffset: 0n, lastOffset: 2n }]);
  });

  it('ends early, between two packs, when the bridge pauses, and says what to read next', async () => {
    let started = 0;
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      afterStart: () => void started++,
    });
    const paused = () => started >= 2;
    await expect(handOver.batch(batchOf(records(10), () => true, paused))).resolves.toBe(4n);
    expect([temporal.jobs(), watermarks]).toEqual([range(0, 4), [2n, 4n]]);
    await expect(handOver.batch(batchOf(records(10).slice(4)))).resolves.toBe(10n);
    expect(temporal.jobs()).toEqual(range(0, 10));
  });

  it('commits a start that was under way when the bridge stopped, and begins nothing more', async () => {
    let held = true;
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeStart: () => void (held = false),
    });
    const all = { ...batchOf(records(4), () => held), owned: () => true };
    await expect(handOver.batch(all)).resolves.toBe(2n);
    expect([temporal.jobs(), watermarks]).toEqual([[0, 1], [2n]]);
  });

  describe('that waits for its turn to start a workflow', () => {
    let isPaused = false;
    const waitingFor = (poison: number[]) => {
      isPaused = false;
      const turn = deferred();
      const { handOver } = openBridge({ temporal, beforeTurn: () => turn.promise });
      const handed = handOver.batch(
        batchOf(
          records(3, ...poison),
          () => true,
          () => isPaused,
        ),
      );
      return { handed, turn, handOver };
    };

    it('is left for later when the bridge pauses meanwhile', async () => {
      const { handed, turn } = waitingFor([]);
      await settled();
      isPaused = true;
      turn.resolve();
      await expect(handed).resolves.toBe(0n);
      expect(temporal.jobs()).toEqual([]);
    });

    it('is left for later with its dead letters written, which do not come again', async () => {
      const { handed, turn, handOver } = waitingFor([0]);
      await settled();
      isPaused = true;
      turn.resolve();
      await expect(handed).resolves.toBe(0n);
      expect([temporal.jobs(), temporal.deadLetters]).toEqual([[], [0]]);
      await expect(handOver.batch(batchOf(records(3, 0)))).resolves.toBe(3n);
      expect([temporal.jobs(), temporal.deadLetters]).toEqual([[1, 2], [0]]);
    });

    it('goes on trying what was tried before the pause: it is how the bridge learns that it may go on', async () => {
      let tries = 0;
      const { handOver } = openBridge({
        temporal,
        beforeStart: () => {
          isPaused = true;
          if (++tries < 3) throw new Away();
        },
      });
      isPaused = false;
      const all = batchOf(
        records(3),
        () => true,
        () => isPaused,
      );
      await expect(handOver.batch(all)).resolves.toBe(3n);
      expect([tries, temporal.jobs()]).toEqual([3, [0, 1, 2]]);
    });
  });

  it('of nothing but poison becomes dead letters and no workflow', async () => {
    const { handOver, watermarks } = openBridge({ temporal });
    await expect(handOver.batch(batchOf(records(3, 0, 1, 2)))).resolves.toBe(3n);
    expect([temporal.packs.size, temporal.deadLetters, watermarks]).toEqual([0, [0, 1, 2], [3n]]);
  });

  it('goes on behind a pack that was started already, and puts none of its records into another', async () => {
    await openBridge({ temporal }).handOver.batch(batchOf(records(7)));
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 3 },
    });
    await expect(handOver.batch(batchOf(records(12)))).resolves.toBe(12n);
    expect(temporal.jobs()).toEqual(range(0, 12));
    expect(watermarks).toEqual([7n, 10n, 12n]);
  });

  it('may end before the pack does that its records are in: the rest is not read again', async () => {
    await openBridge({ temporal }).handOver.batch(batchOf(records(20)));
    const { handOver, watermarks } = openBridge({ temporal });
    await expect(handOver.batch(batchOf(records(5)))).resolves.toBe(20n);
    expect(watermarks).toEqual([20n]);
    await expect(handOver.batch(batchOf(records(25)))).resolves.toBe(25n);
    expect(temporal.jobs()).toEqual(range(0, 25));
  });

  it('that ends early has not met all the packs that are there: they are looked for again', async () => {
    // Somebody has set the group back to before a pack.
    await openBridge({ temporal }).handOver.batch(batchOf(records(21).slice(10)));
    let started = 0;
    const { handOver } = openBridge({ temporal, limits: { maxJobs: 7 }, afterStart: () => void started++ });
    const paused = () => started === 1;
    await expect(handOver.batch(batchOf(records(31), () => true, paused))).resolves.toBe(7n);
    started = 0;
    await handOver.batch(batchOf(records(31).slice(7)));
    expect(temporal.jobs()).toEqual(range(0, 31));
    expect([...temporal.packs.values()].map(({ offsets }) => offsets.length)).toEqual([11, 7, 3, 7, 3]);
  });

  it('that comes again is not worked on again', async () => {
    const { handOver } = openBridge({ temporal, limits: { maxJobs: 4 } });
    await handOver.batch(batchOf(records(10)));
    handOver.forget();
    await expect(handOver.batch(batchOf(records(10)))).resolves.toBe(10n);
    expect(temporal.jobs()).toEqual(range(0, 10));
    expect(temporal.packs.size).toBe(3);
  });

  it('records below the position are handed over, and not skipped: the topic was cut off or made anew', async () => {
    const { handOver } = openBridge({ temporal });
    await handOver.batch(batchOf(records(10)));
    // kafkajs answers OFFSET_OUT_OF_RANGE by starting over, without a new assignment.
    const anew = [0, 1, 2].map((offset) => queueRecord(offset, { timestamp: 500_000 + offset }));
    await handOver.batch(batchOf(anew));
    expect(temporal.jobs().filter((offset) => offset < 3)).toEqual([0, 0, 1, 1, 2, 2]);
  });
});

describe('a group that stands in the middle of a pack', () => {
  it('goes on behind that pack', async () => {
    await openBridge({ temporal }).handOver.batch(batchOf(records(20)));
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 3 },
    });
    await expect(handOver.batch(batchOf(records(24).slice(9)))).resolves.toBe(24n);
    expect(temporal.jobs()).toEqual(range(0, 24));
    expect(watermarks[0]).toBe(20n);
  });

  it('reads nothing when the pack ends behind all that was fetched', async () => {
    await openBridge({ temporal }).handOver.batch(batchOf(records(20)));
    const { handOver, watermarks } = openBridge({ temporal });
    await expect(handOver.batch(batchOf(records(12).slice(9)))).resolves.toBe(20n);
    expect([watermarks, temporal.packs.size]).toEqual([[20n], 1]);
  });

  it('is looked for again after every assignment, and only then', async () => {
    let looked = 0;
    const { handOver } = openBridge({
      temporal,
      beforeFind: () => void looked++,
    });
    await handOver.batch(batchOf(records(3)));
    await handOver.batch(batchOf(records(6).slice(3)));
    expect(looked).toBe(1);
    handOver.forget();
    await handOver.batch(batchOf(records(9).slice(6)));
    expect(looked).toBe(2);
  });

  it('waits for Temporal before it starts anything', async () => {
    let away = 5;
    const beforeFind = () => {
      if (away-- > 0) throw new Away();
      expect(temporal.packs.size).toBe(0);
    };
    const { handOver } = openBridge({ temporal, beforeFind });
    await expect(handOver.batch(batchOf(records(3)))).resolves.toBe(3n);
    expect(away).toBe(-1);
  });
});

describe('promise 1: nothing is committed past the first record that is neither in a workflow nor a dead letter', () => {
  it('while starting a pack in the middle fails', async () => {
    let away = 20;
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeStart: ({ range: at }) => {
        if (at?.firstOffset !== 4n || away-- === 0) return;
        expect(watermarks).toEqual([2n, 4n]);
        throw new Away();
      },
    });
    await handOver.batch(batchOf(records(8)));
    expect(away).toBe(-1);
    expect(watermarks).toEqual([2n, 4n, 6n, 8n]);
  });

  it('while starting a pack in the middle takes for ever, yet everything before it is', async () => {
    const start = deferred();
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeStart: ({ range: at }) => (at?.firstOffset === 4n ? start.promise : undefined),
    });
    const handing = handOver.batch(batchOf(records(8)));
    await settled();
    expect(watermarks).toEqual([2n, 4n]);
    start.resolve();
    await handing;
    expect(watermarks.at(-1)).toBe(8n);
  });

  it('while dead letters cannot be written', async () => {
    let away = 20;
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeDeadLetters: () => {
        if (away-- === 0) return;
        expect(watermarks).toEqual([2n]);
        throw new Away('not enough in-sync replicas');
      },
    });
    await handOver.batch(batchOf(records(8, 3)));
    expect(away).toBe(-1);
    expect(temporal.deadLetters).toEqual([3]);
    expect(watermarks.at(-1)).toBe(8n);
  });

  it('and once it is durable it is committed before the next pack is even begun', async () => {
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeStart: ({ range: at }) => expect(watermarks.at(-1) ?? 0n).toBe(at?.firstOffset),
    });
    await handOver.batch(batchOf(records(8)));
    expect(watermarks).toEqual([2n, 4n, 6n, 8n]);
  });

  it('when the answer of Temporal is lost: the pack is found, not started twice', async () => {
    let lost = 3;
    const { handOver } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      afterStart: () => {
        if (lost-- > 0) throw new Away('deadline exceeded');
      },
    });
    await handOver.batch(batchOf(records(6)));
    expect(temporal.jobs()).toEqual(range(0, 6));
  });

  it('a bridge that ends between the start of a pack and its dead letters loses no poison', async () => {
    let held = true;
    const first = openBridge({
      temporal,
      afterStart: () => void (held = false),
    });
    await first.handOver.batch(batchOf(records(10, 7), () => held));
    const second = openBridge({ temporal });
    // This fetch happens to bring fewer records.
    await second.handOver.batch(batchOf(records(5)));
    expect(second.watermarks.at(-1)).toBeLessThanOrEqual(temporal.firstNotDurable(records(10, 7)));
  });
});

describe('a partition in trouble of its own', () => {
  let setAside: string[];
  beforeEach(() => {
    setAside = [];
  });
  const impatient = (all: QueueRecord[]) => ({
    ...batchOf(all),
    patienceMs: () => 0,
    setAside: (what: string) => setAside.push(what),
  });

  it('is set aside at dead letters that cannot be written, with all before them committed and nothing behind', async () => {
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeDeadLetters: () => {
        throw new Away('a record without a key');
      },
    });
    await expect(handOver.batch(impatient(records(8, 3)))).resolves.toBe(2n);
    expect([setAside, watermarks, temporal.jobs()]).toEqual([['write dead letters'], [2n], [0, 1]]);
  });

  it('is set aside at a pack that the server refuses, and goes on there', async () => {
    let refused = true;
    const { handOver, watermarks } = openBridge({
      temporal,
      limits: { maxJobs: 2 },
      beforeStart: ({ range: at }) => {
        if (refused && at?.firstOffset === 2n) throw Object.assign(new Away(), { code: 3 });
      },
    });
    await expect(handOver.batch(impatient(records(6)))).resolves.toBe(2n);
    expect([setAside, watermarks]).toEqual([['start a workflow'], [2n]]);
    refused = false;
    await expect(handOver.batch(impatient(records(6).slice(2)))).resolves.toBe(6n);
    expect([setAside, temporal.jobs()]).toEqual([['start a workflow'], range(0, 6)]);
  });

  it('is set aside at a pack of before that cannot be read, and begins nothing', async () => {
    const { handOver, watermarks } = openBridge({
      temporal,
      beforeFind: () => {
        throw new Away('PAYLOAD_STORE is not set here, and a payload was moved to one');
      },
    });
    let tries = 0;
    await handOver.batch({ ...impatient(records(3)), held: () => ++tries < 5 });
    expect([setAside, watermarks, temporal.packs.size]).toEqual([['look for packs in Temporal'], [], 0]);
  });

  it('is not set aside while Temporal is away, which is trouble of all', async () => {
    let away = 20;
    const beAway = () => {
      if (away-- > 0) throw Object.assign(new Away(), { code: 14 });
    };
    const { handOver } = openBridge({ temporal, beforeFind: beAway, beforeStart: beAway });
    await expect(handOver.batch(impatient(records(6)))).resolves.toBe(6n);
    away = 20;
    await expect(handOver.batch(impatient(records(12).slice(6)))).resolves.toBe(12n);
    expect(setAside).toEqual([]);
  });
});
