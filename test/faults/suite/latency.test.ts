import { hasSlowedDown, latencyOf } from './latency';

const job = (took: number) => ({ producedAt: 1_000, endedAt: 1_000 + took });

test('the latency of jobs is their median and what nine of ten take, whatever order they end in', () => {
  const times = [900, 10, 500, 20, 30, 40, 50, 60, 70, 80];
  expect(latencyOf(times.map(job))).toEqual({ jobs: 10, medianMs: 60, p90Ms: 900 });
  expect(latencyOf([job(7)])).toEqual({ jobs: 1, medianMs: 7, p90Ms: 7 });
});

test('without a job there is no latency', () => {
  expect(latencyOf([])).toEqual({ jobs: 0, medianMs: 0, p90Ms: 0 });
});

test.each<[before: [number, number], after: [number, number], slower: boolean]>([
  [[1_000, 1_000], [1_000, 1_000], false],
  [[1_000, 1_000], [6_000, 6_000], false],
  [[1_000, 9_000], [6_001, 9_000], true],
  // One partition of several.
  [[1_000, 2_000], [1_000, 9_001], true],
  [[0, 0], [2_999, 2_999], false],
])(
  'median and p90 were %p ms before a fault and %p ms after it: slowed down is %s',
  (before, after, slower) => {
    const latency = ([medianMs, p90Ms]: [number, number]) => ({ jobs: 10, medianMs, p90Ms });
    expect(hasSlowedDown(latency(before), latency(after))).toBe(slower);
  },
);
