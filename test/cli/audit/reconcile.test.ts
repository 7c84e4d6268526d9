import { toRecord } from '../../../cli/audit/missing-results';
import { deadLetterHeaders } from '../../../contracts/headers';
import { jobResultSchema, type JobResult } from '../../../contracts/job-result';
import { FakeWorld, message, timestampOf, TOPIC } from './support';

/** Offsets 0 to `count - 1`, all handed over, with job ids `job-<offset>`. */
function worldOf(count: number): FakeWorld {
  const world = new FakeWorld(count);
  for (let offset = 0; offset < count; offset += 1) world.record(offset, `job-${offset}`);
  world.committed = count;
  return world;
}

describe('what has an outcome', () => {
  test('a record counts under the status of its result, and Temporal is not asked about it', async () => {
    const world = worldOf(4);
    for (const [offset, status] of (['completed', 'failed', 'cancelled', 'expired'] as const).entries()) {
      world.result(offset, status);
    }
    const { records, ok } = await world.audit();
    expect(records).toMatchObject({
      received: 4,
      completed: 1,
      failed: 1,
      cancelled: 1,
      expired: 1,
      lost: 0,
    });
    expect(ok).toBe(true);
    expect(world.asked).toEqual([]);
  });

  test('offsets without a record (control records, aborted transactions) are not counted', async () => {
    const world = worldOf(3);
    world.records.delete(1);
    world.result(0);
    world.result(2);
    expect((await world.audit()).records).toMatchObject({ received: 2, completed: 2, lost: 0 });
  });

  test('a result of an earlier topic of that name does not belong to the record that has its offset now', async () => {
    const world = worldOf(1);
    const source = { door: 'kafka', topic: TOPIC, partition: 0, offset: '0', timestamp: timestampOf(0) - 1 };
    world.result(0, 'completed', { source });
    const { records, results } = await world.audit();
    expect(records).toMatchObject({ completed: 0, lost: 1 });
    expect(results.withoutRecord).toBe(1);
  });

  test('a dead letter of an earlier topic does not belong to the record that has its offset now', async () => {
    const world = worldOf(2);
    world.deadLetter(0, { value: Buffer.from('poison of former days') });
    world.deadLetter(1);
    world.deadLetter(1);
    const { records, results } = await world.audit();
    expect(records).toMatchObject({ deadLettered: 1, lost: 1 });
    expect(results.repeatedDeadLetters).toBe(1);
  });

  test('a record that was a dead letter before keeps its headers from then, and is found by the newer ones', async () => {
    const world = worldOf(1);
    world.deadLetter(0, {
      earlier: {
        [deadLetterHeaders.topic]: 'elsewhere',
        [deadLetterHeaders.partition]: '7',
        [deadLetterHeaders.offset]: '4711',
      },
    });
    expect((await world.audit()).records).toMatchObject({ deadLettered: 1, lost: 0 });
  });

  test('a dead letter whose value was too large to keep counts', async () => {
    const world = worldOf(1);
    world.deadLetter(0, { value: null });
    expect((await world.audit()).records).toMatchObject({ deadLettered: 1 });
  });

  test('a dead letter that is older than the record is of an earlier topic, whatever its value', async () => {
    const world = worldOf(3);
    world.records.set(1, null);
    const at = timestampOf(0) - 60_000;
    world.deadLetter(0, { at });
    world.deadLetter(1, { at, code: 'HW_RECORD_EMPTY' });
    world.deadLetter(2, { at, value: null });
    expect((await world.audit()).records).toMatchObject({ deadLettered: 0, lost: 3 });
  });

  test('a dead letter of a record from a clock that is ahead counts', async () => {
    const world = worldOf(1);
    const ahead = 100_000;
    const later = new FakeWorld(ahead + 1);
    later.record(ahead, 'from the future');
    later.deadLetter(ahead, { at: timestampOf(0) });
    later.committed = ahead + 1;
    expect((await later.audit()).records).toMatchObject({ deadLettered: 1, lost: 0 });
    world.deadLetter(0, { at: timestampOf(0) - 1_000 });
    expect((await world.audit()).records).toMatchObject({ deadLettered: 1, lost: 0 });
  });

  test('the dead letter of an empty record is that of an empty record only', async () => {
    const world = worldOf(4);
    world.records.set(1, null);
    world.records.set(2, Buffer.alloc(0));
    world.records.set(3, null);
    for (const offset of [0, 1, 2]) world.deadLetter(offset, { value: null, code: 'HW_RECORD_EMPTY' });
    world.deadLetter(3, { value: null, code: 'HW_RECORD_TOO_LARGE' });
    const { records, examples } = await world.audit();
    expect(records).toMatchObject({ deadLettered: 2, lost: 2 });
    expect(examples.lost.map(({ offset }) => offset)).toEqual([0, 3]);
  });
});

describe('results that come twice', () => {
  test('the same bytes again are a copy; other bytes make the audit fail and name the job', async () => {
    const world = worldOf(3);
    world.result(0);
    world.result(0);
    world.result(1);
    world.result(1, 'failed');
    world.result(1, 'failed');
    world.result(2);
    const { ok, results, examples } = await world.audit();
    expect(ok).toBe(false);
    expect(results).toMatchObject({ jobsWithDifferentResults: 1, identicalCopies: 2 });
    expect(examples.differentResults).toEqual([{ partition: 0, offset: 1, jobId: 'job-1' }]);
  });

  test('a job that was run again has one result for each run, and the status of the newest', async () => {
    const world = worldOf(2);
    const run = { number: 2, replaces: { id: 'w', runId: 'r' } };
    world.result(0, 'failed');
    world.result(0, 'completed', { run });
    world.result(0, 'completed', { run });
    world.result(1, 'failed');
    world.result(1, 'completed', { run });
    world.result(1, 'expired', { run });
    const { records, results } = await world.audit();
    expect(records).toMatchObject({ completed: 2, failed: 0 });
    expect(results).toMatchObject({ identicalCopies: 1, jobsWithDifferentResults: 1 });
  });

  test('two records with one job id are two jobs, whose results may differ', async () => {
    const world = worldOf(0);
    const two = new FakeWorld(2);
    two.record(0, 'same');
    two.record(1, 'same');
    two.committed = 2;
    two.result(0);
    two.result(1, 'failed');
    expect((await two.audit()).ok).toBe(true);
    expect((await world.audit()).records.received).toBe(0);
  });

  test('under another id make the audit fail, whether the only one or one of several', async () => {
    const world = worldOf(3);
    world.result(0, 'completed', { id: 'somebody else' });
    world.result(1);
    world.result(1, 'completed', { id: 'job-0' });
    world.record(2);
    world.result(2);
    const { ok, records, results, examples } = await world.audit();
    expect(ok).toBe(false);
    expect(records).toMatchObject({ completed: 3 });
    expect(results).toMatchObject({ jobsWithOtherIds: 2, jobsWithDifferentResults: 1 });
    expect(examples.otherIds).toEqual([
      { partition: 0, offset: 0, jobId: 'job-0' },
      { partition: 0, offset: 1, jobId: 'job-1' },
    ]);
  });

  test('what is no result at all is counted, and does no harm', async () => {
    const world = worldOf(1);
    world.result(0);
    world.results.push(
      { ...world.results[0]!, value: Buffer.from('{') },
      { ...world.results[0]!, value: null },
    );
    const { ok, results } = await world.audit();
    expect([ok, results.unreadable]).toEqual([true, 2]);
  });
});

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
    expect((await world.audit()).records).toMatchObject({ completed: 2, duplicate: 0, lost: 2 });
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

describe('publishing what is missing', () => {
  /** Jobs 0 and 1 in a terminated pack, 0 with its result; 2 left its pack and was terminated alone; 3 is in no workflow; 4 has lost its result. */
  function terminated(): FakeWorld {
    const world = worldOf(5);
    world.pack([0, 1], 'TERMINATED');
    world.pack([2], 'COMPLETED');
    world.pack([4], 'COMPLETED');
    world.job('job-2', 'job-2', 'TERMINATED');
    world.result(0);
    return world;
  }

  async function publishing(world: FakeWorld, settledAfterMs = 30_000) {
    const published: JobResult[] = [];
    const report = await world.audit({
      settledAfterMs,
      publishMissing: async (missing) => {
        for (const one of missing) {
          published.push(jobResultSchema.parse(one.result));
          world.results.push({ ...message(world.results.length), value: Buffer.from(toRecord(one).value) });
        }
      },
    });
    return { report, published };
  }

  test('gives each job of a terminated workflow a failed result, and no other job one', async () => {
    const world = terminated();
    const { report, published } = await publishing(world);
    expect(
      published.map(({ id, status, error, workflow }) => [id, status, error?.type, workflow.id]),
    ).toEqual([
      ['job-1', 'failed', 'HW_WORKFLOW_TERMINATED', world.packs[0]?.workflowId],
      ['job-2', 'failed', 'HW_WORKFLOW_TERMINATED', 'job-2'],
    ]);
    expect(report.records).toMatchObject({ completed: 1, failed: 2, lost: 2 });
    expect(report.results.published).toBe(2);
    expect((await publishing(world)).published).toEqual([]);
  });

  test('gives the same bytes each time, so that two audits side by side do no harm', async () => {
    const [first, second] = await Promise.all([publishing(terminated()), publishing(terminated())]);
    expect(JSON.stringify(second.published)).toBe(JSON.stringify(first.published));
  });

  test('waits until no worker can be publishing for the workflow any more', async () => {
    const { report, published } = await publishing(terminated(), 120_000);
    expect(published).toEqual([]);
    expect(report.records.lost).toBe(4);
    expect(report.warnings).toEqual([expect.stringContaining('Not published: 2 missing results')]);
  });
});

describe('LLM calls', () => {
  test('beyond what the result tells are duplicates; those of a running job are not judged', async () => {
    const world = worldOf(3);
    world.pack([2]);
    world.result(0);
    world.result(1);
    const counts = new Map([
      ['job-0', 1],
      ['job-1', 3],
      ['job-2', 7],
      ['somebody else', 9],
    ]);
    const { llmCalls, examples, ok } = await world.audit({ readLlmCalls: async () => counts });
    expect(llmCalls).toEqual({ accepted: 4, accountedFor: 2, duplicate: 2 });
    expect(examples.duplicateLlmCalls).toEqual([{ jobId: 'job-1', calls: 3, accountedFor: 1 }]);
    expect(ok).toBe(true);
  });

  test('are not counted where nobody counts', async () => {
    expect((await worldOf(1).audit({ readLlmCalls: async () => undefined })).llmCalls).toBeNull();
  });
});

describe('a results topic', () => {
  async function warningsWith(policy: string | undefined): Promise<string[]> {
    const world = worldOf(0);
    world.resultsPolicy = policy;
    return (await world.audit()).warnings;
  }

  test('that is compacted, or may be, has dropped results: that is said', async () => {
    expect(await warningsWith('delete')).toEqual([]);
    expect(await warningsWith('compact,delete')).toEqual([
      expect.stringContaining('cleanup.policy=compact,delete, older results'),
    ]);
    expect(await warningsWith(undefined)).toEqual([
      expect.stringContaining('does not tell the cleanup.policy'),
    ]);
  });
});

test('a record without a job id is named by the id the bridge makes for it', async () => {
  const world = new FakeWorld(1);
  world.record(0);
  world.committed = 1;
  const { examples } = await world.audit();
  expect(examples.lost).toMatchObject([{ jobId: `${TOPIC}:0:0:${timestampOf(0)}` }]);
});
