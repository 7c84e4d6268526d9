import { hasSlowedDown, latencyOf } from './latency';

const job = (took: number) => ({ producedAt: 1_000, endedAt: 1_000 + took });

test('the latency of jobs is their median, whatever order they end in', () => {
  expect(latencyOf([job(900), job(10), job(500)])).toEqual({ jobs: 3, medianMs: 500 });
});

test('without a job there is no latency', () => {
  expect(latencyOf([])).toEqual({ jobs: 0, medianMs: 0 });
});

test.each<[beforeMs: number, afterMs: number, slower: boolean]>([
  [1_000, 1_000, false],
  [1_000, 6_000, false],
  [1_000, 6_001, true],
  [1_000, 60_000, true],
  [0, 2_999, false],
])('%d ms before a fault and %d ms after it: slowed down is %s', (before, after, slower) => {
  expect(hasSlowedDown({ jobs: 1, medianMs: before }, { jobs: 1, medianMs: after })).toBe(slower);
});
