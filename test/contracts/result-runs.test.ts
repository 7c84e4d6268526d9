import type { JobResult } from '../../contracts/job-result';
import { isNewer, resultIdentity, runNumber } from '../../contracts/result-runs';

const source = {
  door: 'kafka',
  topic: 'x-jobs-queue',
  partition: 3,
  offset: '41',
  timestamp: 1_700_000_000_000,
} as const;
const timings = { completedAt: '2026-01-01T10:00:00.000Z' } as JobResult['timings'];
const first: Pick<JobResult, 'id' | 'source' | 'timings' | 'run'> = { id: 'job-1', source, timings };
const replaces = { id: 'pack', runId: 'a' };
const second = { ...first, run: { number: 2, replaces } };

test('a result without a mark is of the first run', () => {
  expect(runNumber(first)).toBe(1);
  expect(runNumber(second)).toBe(2);
});

test('results of one job are told apart by their runs, those of two records with one id by where they came from', () => {
  const copy = { ...first, source: { ...source } };
  expect(resultIdentity(copy)).toBe(resultIdentity(first));
  const others = [
    second,
    { ...first, id: 'job-2' },
    { ...first, source: { ...source, offset: '42' } },
    { ...first, source: { ...source, partition: 4 } },
    // The topic was deleted and made again: the same coordinates at another time.
    { ...first, source: { ...source, timestamp: source.timestamp + 1 } },
    { ...first, source: { door: 'http', timestamp: source.timestamp } as const },
  ];
  expect(new Set([first, ...others].map(resultIdentity)).size).toBe(others.length + 1);
});

test('a later run is newer whatever the clocks say; jobs that share an id are in order of time', () => {
  const slowClock = { ...second, timings: { ...timings, completedAt: '2026-01-01T09:59:59.000Z' } };
  expect(isNewer(slowClock, first)).toBe(true);
  expect(isNewer(first, slowClock)).toBe(false);
  expect(isNewer(first, first)).toBe(false);
  const sentAgain = { ...first, source: { ...source, offset: '99' } };
  expect(
    isNewer({ ...sentAgain, timings: { ...timings, completedAt: '2026-01-01T10:00:01.000Z' } }, first),
  ).toBe(true);
  expect(isNewer(sentAgain, first)).toBe(false);
});
