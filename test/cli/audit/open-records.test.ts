import { FakeWorld, timestampOf, TOPIC, worldOf } from './support';

describe('what has no outcome', () => {
  test('is running while an open pack holds it, with how long', async () => {
    const world = worldOf(3);
    world.pack([0, 1, 2]);
    world.result(1);
    const { records, ok, longestRunningMs, examples } = await world.audit();
    expect(records).toMatchObject({ running: 2, completed: 1, lost: 0 });
    expect([ok, longestRunningMs]).toEqual([true, 60_000]);
    expect(examples.running).toMatchObject([{ offset: 0, jobId: 'job-0', runningMs: 60_000 }]);
  });

  test('is waiting at or behind the committed offset', async () => {
    const world = worldOf(3);
    world.committed = 1;
    world.result(0);
    const { records, ok, longestWaitingMs } = await world.audit();
    expect(records).toMatchObject({ waiting: 2, lost: 0 });
    expect([ok, longestWaitingMs]).toEqual([true, 59_999]);
  });

  test('is running though not committed, when its pack was started just now', async () => {
    const world = worldOf(3);
    world.committed = 0;
    world.pack([0, 1]);
    expect((await world.audit()).records).toMatchObject({ running: 2, waiting: 1 });
  });

  test('is lost when its pack was terminated, which is named with how it was closed', async () => {
    const world = worldOf(2);
    const { workflowId } = world.pack([0, 1], 'TERMINATED');
    world.result(0);
    const { records, ok, examples } = await world.audit();
    expect([ok, records.lost]).toEqual([false, 1]);
    expect(examples.lost).toMatchObject([
      { offset: 1, jobId: 'job-1', workflowId, workflowStatus: 'TERMINATED' },
    ]);
  });

  test('is lost when the offset is committed and no workflow holds it', async () => {
    const world = worldOf(4);
    world.pack([0, 1], 'COMPLETED');
    world.pack([3], 'COMPLETED');
    for (const offset of [0, 1, 3]) world.result(offset);
    const { examples } = await world.audit();
    expect(examples.lost).toMatchObject([
      { offset: 2, jobId: 'job-2', workflowId: null, workflowStatus: null },
    ]);
  });

  test('is not lost while the visibility store does not show its pack yet', async () => {
    const world = worldOf(60);
    const offsets = Array.from({ length: 60 }, (_, offset) => offset);
    world.pack(offsets, 'RUNNING', true);
    for (const offset of offsets.slice(0, 59)) world.result(offset);
    const { records } = await world.audit();
    expect(records).toMatchObject({ running: 1, lost: 0 });
  });

  test('is not lost when it left its pack and goes on as a workflow of its own', async () => {
    const world = worldOf(3);
    const { runId } = world.pack([0, 1, 2], 'COMPLETED');
    world.job('job-0');
    // Not yet in the visibility store, and under the id it gets when that of the job is taken.
    world.job('job-1', 'job-1', 'RUNNING', true);
    world.job(`job-2~${runId}-2`, 'job-2', 'RUNNING', true);
    expect((await world.audit()).records).toMatchObject({ running: 3, lost: 0 });
  });

  test('is not lost when it left a pack that Temporal has forgotten since', async () => {
    const world = worldOf(1);
    world.job('job-0');
    expect((await world.audit()).records).toMatchObject({ running: 1, lost: 0 });
  });

  test('is lost when it left its pack and its own workflow was terminated', async () => {
    const world = worldOf(1);
    world.pack([0], 'COMPLETED');
    world.job('job-0', 'job-0', 'TERMINATED');
    expect((await world.audit()).records).toMatchObject({ running: 0, lost: 1 });
  });

  test('is lost when its pack was terminated, though another record with its job id runs', async () => {
    const world = new FakeWorld(3);
    for (const offset of [0, 1, 2]) world.record(offset, 'same');
    world.committed = 3;
    world.pack([0], 'TERMINATED');
    world.pack([1], 'COMPLETED');
    world.pack([2], 'COMPLETED');
    world.job('same', 'same', 'RUNNING', false, 1);
    world.job('same~run-2-0', 'same', 'RUNNING', true, 2);
    const { records, examples } = await world.audit();
    expect(records).toMatchObject({ running: 2, lost: 1 });
    expect(examples.lost).toMatchObject([{ offset: 0, workflowStatus: 'TERMINATED' }]);
  });

  test('is lost inside of an open pack that does not have it as a job', async () => {
    const world = worldOf(3);
    const pack = world.pack([0, 1, 2]);
    Object.assign(pack, { jobCount: 2, jobs: world.packs[0]?.jobs.filter((_, index) => index !== 1) });
    const { records, examples } = await world.audit();
    expect(records).toMatchObject({ running: 2, lost: 1 });
    expect(examples.lost).toMatchObject([{ offset: 1 }]);
  });

  test('is not held by a pack of an earlier topic that began before the audited range', async () => {
    const world = worldOf(12);
    for (let offset = 0; offset < 12; offset += 1) if (offset !== 11) world.result(offset);
    for (const status of ['RUNNING', 'TERMINATED']) {
      const pack = world.pack([9, 10, 11], status);
      const jobs = world.packs
        .at(-1)
        ?.jobs.map((job) => ({ ...job, source: { ...job.source, timestamp: 1 } }));
      Object.assign(pack, { workflowId: `${TOPIC}-0-9-${status}`, jobs });
    }
    world.from = 10;
    const published: unknown[] = [];
    const publishMissing = async (results: unknown[]) => void published.push(...results);
    const { records, examples } = await world.audit({ publishMissing, settledAfterMs: 0 });
    expect(records).toMatchObject({ running: 0, lost: 1 });
    expect(examples.lost).toMatchObject([{ offset: 11, workflowStatus: null }]);
    expect(published).toEqual([]);
  });

  test('is not lost when it ends while Temporal is being asked', async () => {
    const world = worldOf(2);
    const pack = world.pack([0, 1]);
    world.meanwhile = () => {
      world.meanwhile = () => undefined;
      pack.status = 'COMPLETED';
      world.result(0);
      world.result(1, 'failed');
    };
    expect((await world.audit()).records).toMatchObject({ completed: 1, failed: 1, running: 0, lost: 0 });
  });

  test('is not held by a pack of an earlier topic of that name', async () => {
    const world = worldOf(2);
    world.pack([0, 1]).workflowId = `${TOPIC}-0-0-${timestampOf(0) - 1}`;
    expect((await world.audit()).records).toMatchObject({ running: 0, lost: 2 });
  });
});
