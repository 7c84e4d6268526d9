import { createNewestFailed } from '../../../../bridge/kafka/redrive/failed-jobs';
import type { JobResult } from '../../../../contracts/job-result';

const error = { type: 'HW_LLM_REFUSED', message: 'no', stage: 'call-llm', attempts: 1 };

function result(id: string, status: JobResult['status'], second: number, run?: number, offset = '0') {
  return Buffer.from(
    JSON.stringify({
      id,
      pipeline: 'brief',
      status,
      error: status === 'completed' ? undefined : error,
      timings: { completedAt: `2026-01-01T00:00:0${second}.000Z` },
      source: { door: 'kafka', topic: 'jobs', partition: 0, offset, timestamp: 1 },
      workflow: { id, runId: `run ${run ?? 1}` },
      run: run && { number: run, replaces: { id, runId: `run ${run - 1}` } },
    }),
  );
}

function failedAmong(...values: (Buffer | null)[]): string[] {
  const failed = createNewestFailed();
  for (const value of values) failed.take(value);
  return failed.all().map(({ id, run }) => `${id} ${run?.number ?? 1}`);
}

test('a job counts as failed when its newest result says so', () => {
  expect(
    failedAmong(result('a', 'failed', 1), result('b', 'completed', 2), result('c', 'cancelled', 3)),
  ).toEqual(['a 1']);
  expect(failedAmong(result('a', 'failed', 1), result('a', 'completed', 2, 2))).toEqual([]);
  expect(failedAmong(result('a', 'failed', 1), result('a', 'failed', 2, 2))).toEqual(['a 2']);
});

test('a result published twice, or found late, does not bring an old failure back', () => {
  const [first, second] = [result('a', 'failed', 1), result('a', 'completed', 2, 2)];
  expect(failedAmong(first, first)).toEqual(['a 1']);
  expect(failedAmong(first, second, first)).toEqual([]);
  expect(failedAmong(first, result('a', 'failed', 2, 2), first)).toEqual(['a 2']);
});

test('a job that was sent again under the same id and completed is no longer failed', () => {
  expect(failedAmong(result('a', 'failed', 1), result('a', 'completed', 2, undefined, '9'))).toEqual([]);
});

test('a job that was run again hides no other one with its id', () => {
  const ranAgain = [result('a', 'failed', 1), result('a', 'completed', 2, 2)];
  expect(failedAmong(...ranAgain, result('a', 'failed', 5, undefined, '9'))).toEqual(['a 1']);
});

test('records that are no results are passed over', () => {
  expect(failedAmong(null, Buffer.from('not json'), Buffer.from('{}'), result('a', 'failed', 1))).toEqual([
    'a 1',
  ]);
});
