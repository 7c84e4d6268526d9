import { join } from 'node:path';
import { loadConfig } from '../../../runtime/config/config';
import { withBenchStack, type BenchStack } from '../bench-stack';
import { headwayStart } from '../cost/headway-way';
import { llmScenarios } from '../cost/scenarios';
import type { Way } from '../cost/way';
import type { Measured, Measurement, MeasurementOptions } from '../measurement';
import { serverVersion } from '../server-version';
import { closeMany } from './close-many';
import { databaseMarkdown, databasePlot, type DatabaseGrowth, type Moment } from './database-summary';
import { folderBytes } from './folder-bytes';
import { runRounds } from './run-rounds';

const MINUTE_MS = 60_000;

const plans = {
  quick: { repetitions: 1, jobs: 600, workflows: 2_000, fillMs: 2 * MINUTE_MS },
  full: { repetitions: 3, jobs: 3_600, workflows: 100_000, fillMs: 60 * MINUTE_MS },
} as const;

/** Closed workflows a second, for the estimate. */
const FILL_PER_SECOND = 60;

/** The same jobs on a server that is empty, on the same one with many closed workflows, and on another empty one: machines change their speed meanwhile. */
export const growthDatabase: Measurement = {
  name: 'growth-database',
  title: 'Growth: a database full of closed workflows',
  estimateMs: ({ size }) => {
    const { repetitions, workflows, fillMs } = plans[size];
    return 40_000 + 3 * repetitions * 30_000 + Math.min(fillMs, (workflows / FILL_PER_SECOND) * 1_000);
  },

  async run(options): Promise<Measured> {
    // Three events a call, and the calls of one round.
    const env = { SIMULATOR_EVENTS: '100000' };
    const grown = await withBenchStack({ ...options, env }, (bench) => measure(bench, options));
    const again = await withBenchStack({ ...options, env }, (bench) => moment(bench, options, 'again'));
    const measured = { ...grown, again };
    return {
      figures: measured,
      markdown: databaseMarkdown(measured),
      charts: { 'growth-database': await databasePlot(measured) },
    };
  },
};

async function measure(
  bench: BenchStack,
  options: MeasurementOptions,
): Promise<Omit<DatabaseGrowth, 'again'>> {
  const { workflows, fillMs } = plans[options.size];
  const wanted = workflows;
  const { startConcurrency: concurrency } = loadConfig({}, ['bridge']).bridge;
  const before = await moment(bench, options, 'before');
  const closed = await closeMany(bench.client, {
    ...{ count: wanted, within: fillMs, concurrency },
    onProgress: (done) => options.report.progress(() => `${done} of ${wanted} workflows are closed`),
  });
  options.log(`${closed.workflows} workflows closed in ${Math.round(closed.ms / 1_000)} s`);
  const after = await moment(bench, options, 'after');
  return { wanted, before, closed, after, temporalVersion: await serverVersion(bench) };
}

const moments = {
  before: 'before filling',
  after: 'after filling',
  again: 'on empty servers again',
} as const;

async function moment(
  bench: BenchStack,
  options: MeasurementOptions,
  when: keyof typeof moments,
): Promise<Moment> {
  const { repetitions, jobs } = plans[options.size];
  const way: Way = {
    ...{ name: `database-${when}`, title: moments[when], about: 'packs of 50' },
    ...{ jobs: { quick: 0, full: 0 }, warmUp: 600, start: headwayStart({ packMax: 50 }) },
  };
  const [scenario] = llmScenarios;
  const { rounds, problems } = await runRounds(bench, [{ way, scenario: scenario!, jobs }], {
    ...{ ...options, repetitions },
  });
  // Those of the stack's own server, and of an engine that was started for it.
  const folders = [join(bench.dataDir, 'stack', 'temporal'), join(bench.dataDir, 'engine')];
  const sizes = await Promise.all(folders.map(folderBytes));
  return { rounds, problems, databaseBytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
}
