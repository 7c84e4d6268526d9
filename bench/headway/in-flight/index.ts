import { messageOf } from '../../../contracts/errors';
import { withBenchStack } from '../bench-stack';
import type { Measured, Measurement, MeasurementOptions } from '../measurement';
import { serverVersion } from '../server-version';
import { measurePoint } from './measure';
import { memoryPlot } from './memory-plot';
import type { Point } from './point';
import { inFlightMarkdown } from './summary';

/** So long that all calls have begun before the first ends; a job of the example pipeline may take 180 s. Calls end over five seconds, as those of 5-10 s do. */
const counts: readonly Pick<Point, 'jobs' | 'llmMs'>[] = [
  { jobs: 1_000, llmMs: { from: 30_000, to: 35_000 } },
  { jobs: 5_000, llmMs: { from: 60_000, to: 65_000 } },
  { jobs: 20_000, llmMs: { from: 150_000, to: 155_000 } },
];

const sizes: Record<MeasurementOptions['size'], typeof counts> = { quick: counts.slice(0, 1), full: counts };

/** Jobs that do nothing but wait. */
export const inFlight: Measurement = {
  name: 'in-flight',
  title: 'Many jobs in flight: what they cost while they wait',
  estimateMs: ({ size }) =>
    sizes[size].reduce((sum, { jobs, llmMs }) => sum + 45_000 + llmMs.to + jobs * 8, 0),

  async run({ size, ...options }): Promise<Measured> {
    const { engine, seed, report, log } = options;
    const points: Point[] = [];
    const problems: string[] = [];
    let temporalVersion = '';
    for (const { jobs, llmMs } of sizes[size]) {
      const onProgress = (doing: string) => report.progress(() => `in flight, ${jobs} jobs: ${doing}`);
      try {
        // Three events a call. Servers that have carried thousands before would have their memory already.
        const env = { SIMULATOR_EVENTS: '100000' };
        const point = await withBenchStack({ ...options, env }, async (bench) => {
          temporalVersion = await serverVersion(bench);
          return measurePoint(bench, { jobs, llmMs, seed, log, onProgress });
        });
        log(`${jobs} jobs: ${point.atOnce} at once, result lag p50 ${point.lagMs.p50} ms`);
        points.push(point);
      } catch (error) {
        // The other counts may do better.
        problems.push(`${jobs} jobs: ${messageOf(error)}`);
        log(problems.at(-1) ?? '');
      }
    }
    if (points.length === 0) throw new Error(problems.join('; '));
    const measured = { temporalVersion, points, problems };
    return {
      figures: measured,
      markdown: inFlightMarkdown(measured),
      charts: { 'in-flight': await memoryPlot(points, `One run each, Temporal on the ${engine} engine.`) },
    };
  },
};
