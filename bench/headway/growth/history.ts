import { withBenchStack } from '../bench-stack';
import { headwayStart } from '../cost/headway-way';
import type { Way } from '../cost/way';
import type { Measured, Measurement, MeasurementOptions } from '../measurement';
import { serverVersion } from '../server-version';
import { historyMarkdown, historyPlot } from './history-summary';
import { runRounds, type Case } from './run-rounds';
import { longestMs, planWaves } from './waves';

const PACK_MAX = 50;

const plans = {
  quick: { repetitions: 1, jobs: 600, waves: [1, 10] },
  full: { repetitions: 3, jobs: 1_200, waves: [1, 5, 10, 25, 50] },
} as const;

/** Packs whose calls end one by one, against packs whose calls end together. */
export const growthHistory: Measurement = {
  name: 'growth-history',
  title: 'Growth: long histories',
  estimateMs: ({ size }) =>
    20_000 +
    plans[size].repetitions * plans[size].waves.reduce((sum, waves) => sum + 25_000 + longestMs(waves), 0),

  async run(options): Promise<Measured> {
    // Three events a call, and the calls of one round.
    const env = { SIMULATOR_EVENTS: '100000' };
    const { repetitions, waves } = plans[options.size];
    const measured = await withBenchStack({ ...options, env }, async (bench) => ({
      ...(await runRounds(bench, casesOf(options.size), { ...options, repetitions })),
      temporalVersion: await serverVersion(bench),
    }));
    return {
      figures: measured,
      markdown: historyMarkdown(measured, waves),
      charts: { 'growth-history': await historyPlot(measured, waves) },
    };
  },
};

function casesOf(size: MeasurementOptions['size']): Case[] {
  const { jobs, waves: counts } = plans[size];
  return counts.map((waves) => ({
    ...{ way: wayOf(waves), jobs, planned: planWaves({ waves, jobs, packMax: PACK_MAX }) },
    scenario: { name: 'waves', title: 'waves 0.7 s apart', fromMs: longestMs(1), toMs: longestMs(waves) },
  }));
}

function wayOf(waves: number): Way {
  return {
    ...{ name: `waves-${waves}`, title: waves === 1 ? '1 wave a pack' : `${waves} waves a pack` },
    ...{ about: `packs of ${PACK_MAX}`, jobs: { quick: 0, full: 0 }, warmUp: 600 },
    start: headwayStart({ packMax: PACK_MAX }),
  };
}
