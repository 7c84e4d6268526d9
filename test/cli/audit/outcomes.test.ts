import { deadLetterHeaders } from '../../../contracts/headers';
import { FakeWorld, timestampOf, TOPIC, worldOf } from './support';

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
