import { memoryPlot } from '../../../../bench/headway/in-flight/memory-plot';
import type { Point } from '../../../../bench/headway/in-flight/point';
import { inFlightMarkdown } from '../../../../bench/headway/in-flight/summary';

const point = (more: Partial<Point> = {}): Point => ({
  ...{ jobs: 1_000, atOnce: 1_000, startMs: 4_000, llmMs: { from: 30_000, to: 35_000 } },
  megabytes: { worker: { before: 200, inFlight: 300 }, engine: { before: 150, inFlight: 200 } },
  loopDelayMs: { waiting: { p50: 10.1, p99: 12, max: 30 }, ending: { p50: 11, p99: 40, max: 90 } },
  lagMs: { p50: 640, p95: 1_500, p99: 2_000 },
  cpuMsPerJob: { worker: 2 },
  ...more,
});
const text = (...points: Point[]) =>
  inFlightMarkdown({ points, problems: ['20000 jobs: no memory left'], temporalVersion: '1.29.1' });

it('has memory by job, what the loop did in each phase, and the lag', () => {
  const whole = text(point());
  expect(whole).toContain('| 1000 | 1000 | 30-35 | 4 | 0.64 | 1.5 | 2 |');
  expect(whole).toContain('| 1000 | 102 | 51 | - | - | 154 |');
  expect(whole).toContain('| 1000 | 200 → 300 | 150 → 200 | - | - |');
  expect(whole).toContain('| 1000 | - | 10 / 12 / 30 | 11 / 40 / 90 |');
  expect(whole).toContain('- Not measured: 20000 jobs: no memory left');
  expect(whole).not.toContain('no more than');
});

it('says where jobs were not in flight at once', () => {
  expect(text(point({ jobs: 5_000, atOnce: 3_100 }))).toContain(
    'Of 5000 jobs no more than 3100 were in flight at once',
  );
});

it('has a plot that names the parts and the memory of a job', async () => {
  const svg = await memoryPlot([point()], 'One run.');
  for (const named of ['worker', 'Temporal', '150 MB, 154 KB a job', 'One run.'])
    expect(svg).toContain(named);
});
