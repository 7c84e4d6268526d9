import { messageOf } from '../../../contracts/errors';
import { withBenchStack } from '../bench-stack';
import type { Measured, Measurement, MeasurementOptions } from '../measurement';
import { rotated } from '../rotated';
import { serverVersion } from '../server-version';
import { quickCases, steadyCases } from './cases';
import { measureSteady } from './measure-point';
import type { SteadyPoint } from './point';
import { steadyMarkdown, steadyPlot } from './summary';

const plans = {
  quick: { rounds: 1, cases: quickCases, windowMs: 20_000 },
  full: { rounds: 3, cases: steadyCases, windowMs: 30_000 },
} as const;

/** Starting, warming up, settling, ending and stopping, beside the longest call twice: before the window and behind it. */
const OTHER_MS = 35_000;

/** What a job costs where nothing piles up: what `sizing` plans with. */
export const steady: Measurement = {
  name: 'steady',
  title: 'A steady rate: what a job costs where nothing piles up',
  estimateMs({ size }) {
    const { rounds, cases, windowMs } = plans[size];
    const callsMs = cases.reduce(
      (sum, { perSecond, llmMs }) => sum + (perSecond === 0 ? 0 : 2 * llmMs.to),
      0,
    );
    return 20_000 + rounds * (callsMs + cases.length * (windowMs + OTHER_MS));
  },

  async run(options): Promise<Measured> {
    const { rounds, cases, windowMs } = plans[options.size];
    const points: SteadyPoint[] = [];
    const problems: string[] = [];
    // Three events a call, and the calls of one round.
    const env = { SIMULATOR_EVENTS: '100000' };
    const temporalVersion = await withBenchStack({ ...options, env }, async (bench) => {
      const { seed, report, log } = options;
      let done = 0;
      for (let round = 0; round < rounds; round++) {
        for (const measured of rotated(cases, round)) {
          const place = `steady, ${++done} of ${rounds * cases.length}: ${measured.name}`;
          const onProgress = (doing: string) => report.progress(() => `${place}: ${doing}`);
          try {
            const point = await measureSteady(bench, { measured, round, windowMs, seed, log, onProgress });
            log(`${measured.name}: ${lineOf(point)}`);
            points.push(point);
          } catch (error) {
            // The others may do better.
            problems.push(`${measured.title}: ${messageOf(error)}`);
            log(problems.at(-1) ?? '');
          }
        }
      }
      return serverVersion(bench);
    });
    if (points.length === 0) throw new Error(problems.join('; '));
    const measured = { temporalVersion, cases, points, problems };
    return {
      figures: measured,
      markdown: steadyMarkdown(measured),
      charts: { steady: await steadyPlot(measured, whatRan(options, rounds)) },
    };
  },
};

function whatRan({ engine }: MeasurementOptions, rounds: number): string {
  return `${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`}, Temporal on the ${engine} engine.`;
}

function lineOf({ jobsPerSecond, lagMs }: SteadyPoint): string {
  return `${Math.round(jobsPerSecond)} jobs/s${lagMs ? `, result lag p50 ${lagMs.p50} ms` : ''}`;
}
