import { withBenchStack } from '../bench-stack';
import { headwayStart } from '../cost/headway-way';
import type { LlmScenario } from '../cost/scenarios';
import type { Way } from '../cost/way';
import type { Measured, Measurement, MeasurementOptions } from '../measurement';
import { serverVersion } from '../server-version';
import { runRounds, type Case } from './run-rounds';
import { CALLS_AT_A_TIME, LLM_MS, workersMarkdown, workersPlot } from './workers-summary';

const counts = [1, 2, 4] as const;

const atOnce: LlmScenario = { name: 'full', title: 'LLM answers at once', fromMs: 0, toMs: 0 };
const slow: LlmScenario = { name: 'slots', title: 'LLM takes 5 s', fromMs: LLM_MS, toMs: LLM_MS };

/** A multiple of what four workers have at a time, so that the last calls do not wait for a few. */
const plans = {
  quick: { repetitions: 1, full: 600, slots: 80 },
  full: { repetitions: 3, full: 3_600, slots: 120 },
} as const;

/** More worker processes on one machine. */
export const growthWorkers: Measurement = {
  name: 'growth-workers',
  title: 'Growth: 1, 2 and 4 worker processes',
  estimateMs: ({ size }) =>
    20_000 +
    plans[size].repetitions *
      (2 * counts.length * 18_000 +
        (plans[size].slots / CALLS_AT_A_TIME) * LLM_MS * counts.reduce((sum, count) => sum + 1 / count, 0)),

  async run(options): Promise<Measured> {
    // Three events a call, and the calls of one round.
    const env = { SIMULATOR_EVENTS: '100000' };
    const plan = plans[options.size];
    const measured = await withBenchStack({ ...options, env }, async (bench) => ({
      ...(await runRounds(bench, casesOf(options.size), { ...options, repetitions: plan.repetitions })),
      temporalVersion: await serverVersion(bench),
    }));
    return {
      figures: measured,
      markdown: workersMarkdown(measured, counts),
      charts: { 'growth-workers': await workersPlot(measured, counts) },
    };
  },
};

function casesOf(size: MeasurementOptions['size']): Case[] {
  const { full, slots } = plans[size];
  return [
    ...counts.map((workers) => ({
      ...{ way: wayOf(workers, 50, {}, 600), scenario: atOnce, jobs: full },
    })),
    ...counts.map((workers) => {
      // Alone in its pack a call keeps the activity that made it until it ends, so slots are calls at a time.
      const env = { WORKER_LLM_ACTIVITY_SLOTS: String(CALLS_AT_A_TIME) };
      return { way: wayOf(workers, 1, env, 24), scenario: slow, jobs: slots };
    }),
  ];
}

function wayOf(workers: number, packMax: number, env: Record<string, string>, warmUp: number): Way {
  const jobs = { quick: 0, full: 0 };
  const title = workers === 1 ? '1 worker' : `${workers} workers`;
  return {
    ...{ name: `workers-${workers}`, title, about: `packs of ${packMax}`, jobs, warmUp },
    start: headwayStart({ packMax, workers, env }),
  };
}
