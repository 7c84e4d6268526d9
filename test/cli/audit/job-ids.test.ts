import { FakeWorld, worldOf } from './support';

describe('job ids that came before', () => {
  /** The second half repeats the first. */
  function sentTwice(): FakeWorld {
    const world = new FakeWorld(4);
    for (const offset of [0, 1, 2, 3]) world.record(offset, `job-${offset % 2}`);
    world.committed = 4;
    return world;
  }

  test('are duplicates where the bridge keeps a ledger, whether the first is done or running', async () => {
    const world = sentTwice();
    world.pack([0, 1]);
    world.result(0);
    const { records, ok } = await world.audit({ jobIdsOnce: true });
    expect(records).toMatchObject({ completed: 1, running: 1, duplicate: 2, lost: 0 });
    expect(ok).toBe(true);
  });

  test('are duplicates inside of the pack that holds the first, too', async () => {
    const world = sentTwice();
    const pack = world.pack([0, 1, 2, 3]);
    Object.assign(pack, { jobCount: 2, jobs: world.packs[0]?.jobs.slice(0, 2) });
    expect((await world.audit({ jobIdsOnce: true })).records).toMatchObject({ running: 2, duplicate: 2 });
  });

  test('are lost like any other where it keeps none', async () => {
    const world = sentTwice();
    world.pack([0, 1], 'COMPLETED');
    world.result(0);
    world.result(1);
    const { records, warnings } = await world.audit();
    expect(records).toMatchObject({ completed: 2, duplicate: 0, lost: 2 });
    // Whoever audits without the setting of the bridges would look for lost jobs where there are none.
    expect(warnings).toEqual([expect.stringContaining('2 of the lost records have the job id of another')]);
  });

  test('are lost, and no sign of a ledger, where their own workflow was terminated', async () => {
    const world = sentTwice();
    world.pack([0, 1], 'COMPLETED');
    world.pack([2, 3], 'TERMINATED');
    world.result(0);
    world.result(1);
    const { records, warnings } = await world.audit();
    expect(records).toMatchObject({ completed: 2, lost: 2 });
    expect(warnings).toEqual([]);
  });

  test('are not hinted at where only jobs with ids of their own are lost', async () => {
    expect((await worldOf(2).audit()).warnings).toEqual([]);
  });

  test('are duplicates while the first runs and lies before the audited range, or in an earlier topic', async () => {
    const world = worldOf(2);
    world.result(0);
    world.runningElsewhere = ['another', 'job-1'];
    const { records, ok } = await world.audit({ jobIdsOnce: true });
    expect([records, ok]).toMatchObject([{ completed: 1, duplicate: 1, lost: 0 }, true]);
    expect((await world.audit()).records).toMatchObject({ duplicate: 0, lost: 1 });
  });

  test('are duplicates when the first of them ends outside of the range while Temporal is asked', async () => {
    const world = worldOf(2);
    world.from = 1;
    world.record(1, 'job-0');
    world.meanwhile = () => {
      if (world.results.length === 0) world.result(0);
    };
    const { records } = await world.audit({ jobIdsOnce: true });
    expect(records).toMatchObject({ received: 1, duplicate: 1, lost: 0 });
  });

  test('do not excuse a job of which no record came to anything', async () => {
    const world = sentTwice();
    world.pack([0, 1], 'TERMINATED');
    expect((await world.audit({ jobIdsOnce: true })).records).toMatchObject({ duplicate: 0, lost: 4 });
  });
});

describe('job ids that are to be worked on once', () => {
  /** All have the same id and a result. */
  function doneAt(...offsets: number[]): FakeWorld {
    const world = new FakeWorld(Math.max(...offsets) + 1);
    for (const offset of offsets) world.record(offset, 'same');
    for (const offset of offsets) world.result(offset);
    world.committed = world.end;
    return world;
  }

  test('make the audit fail when two records with one have results, and are named', async () => {
    const world = doneAt(0, 1, 4);
    world.record(2, 'another');
    world.result(2, 'failed');
    world.record(3);
    world.result(3);
    const { ok, records, results, examples } = await world.audit({ jobIdsOnce: true });
    expect(ok).toBe(false);
    expect(records).toMatchObject({ completed: 4, failed: 1 });
    expect(results.jobIdsDoneTwice).toBe(1);
    const other = { partition: 0, offset: 0 };
    expect(examples.jobIdsDoneTwice).toEqual([{ partition: 0, offset: 1, jobId: 'same', other }]);
  });

  test('may have several results of one record: copies, and those of a job that was run again', async () => {
    const world = doneAt(0);
    world.record(0, 'same');
    world.result(0);
    world.result(0, 'failed', { run: { number: 2, replaces: { id: 'w', runId: 'r' } } });
    const { ok, results } = await world.audit({ jobIdsOnce: true });
    expect([ok, results.jobIdsDoneTwice]).toEqual([true, 0]);
  });

  test('may be done again by a record that was a dead letter at first', async () => {
    const world = worldOf(2);
    world.record(0, 'same');
    world.record(1, 'same');
    world.deadLetter(0);
    world.result(1);
    const { ok, results } = await world.audit({ jobIdsOnce: true });
    expect([ok, results.jobIdsDoneTwice]).toEqual([true, 0]);
  });

  test('are forgotten by the ledger after a while', async () => {
    const audit = (world: FakeWorld, jobIdRetentionMs: number) =>
      world.audit({ jobIdsOnce: true, jobIdRetentionMs });
    expect((await audit(doneAt(0, 50, 100), 50)).ok).toBe(true);
    expect((await audit(doneAt(0, 50, 99), 50)).ok).toBe(false);
  });

  test('may have been done by a record outside of the audited range, by which its copies do not count', async () => {
    const world = doneAt(0, 1, 6_000);
    world.result(0);
    world.from = 2;
    const audit = (jobIdRetentionMs: number) => world.audit({ jobIdsOnce: true, jobIdRetentionMs });
    const { ok, examples } = await audit(7_000);
    expect([ok, examples.jobIdsDoneTwice]).toEqual([
      false,
      [{ partition: 0, offset: 6_000, jobId: 'same', other: null }],
    ]);
    expect((await audit(5_000)).ok).toBe(true);
  });
});
