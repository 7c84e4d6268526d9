import { messageOf } from '../../../contracts/errors';
import { withBenchStack, type BenchStack } from '../bench-stack';
import type { Measured as Part, Measurement, MeasurementOptions } from '../measurement';
import { rotated } from '../rotated';
import { serverVersion } from '../server-version';
import { cpuPlot } from './cpu-plot';
import { measureRound } from './measure-round';
import type { Round } from './round';
import { llmScenarios } from './scenarios';
import { costMarkdown, type Measured } from './summary';
import { ways } from './ways';

const plans = {
  quick: { rounds: 1, scenarios: ['llm-0'] },
  full: { rounds: 3, scenarios: llmScenarios.map(({ name }) => name) },
} as const;

/** Starting, warming up, working and stopping, without the LLM calls. */
const ROUND_MS = { quick: 20_000, full: 27_000 } as const;

/** What a job costs Temporal and the machine, beside other ways of doing it. */
export const cost: Measurement = {
  name: 'cost',
  title: 'What a job costs: from the queue topic to the results topic',
  estimateMs: ({ size }) =>
    scenariosOf(size).reduce(
      (sum, { toMs }) => sum + plans[size].rounds * ways.length * (ROUND_MS[size] + toMs),
      20_000,
    ),

  async run(options): Promise<Part> {
    // Three events a call, and the calls of one round.
    const env = { SIMULATOR_EVENTS: '100000' };
    const measured = await withBenchStack({ ...options, env }, (bench) => measure(bench, options));
    const { size, engine } = options;
    const repeated = plans[size].rounds === 1 ? 'One round' : `Medians of ${plans[size].rounds} rounds`;
    return {
      figures: measured,
      markdown: costMarkdown(measured),
      charts: { cpu: await cpuPlot(measured, `${repeated}, Temporal on the ${engine} engine.`) },
    };
  },
};

async function measure(
  bench: BenchStack,
  { size, seed, report, log }: MeasurementOptions,
): Promise<Measured> {
  const scenarios = scenariosOf(size);
  const rounds: Round[] = [];
  const problems: string[] = [];
  const inAll = plans[size].rounds * scenarios.length * ways.length;
  let done = 0;
  for (let round = 0; round < plans[size].rounds; round++) {
    for (const scenario of scenarios) {
      for (const way of rotated(ways, round)) {
        const place = `cost, ${++done} of ${inAll}: ${way.title}, ${scenario.title}`;
        try {
          const measured = await measureRound(bench, {
            ...{ way, scenario, round, jobs: way.jobs[size], seed, log },
            onProgress: (doing) => report.progress(() => `${place}: ${doing}`),
          });
          log(`${way.name} in ${scenario.name}: ${Math.round(measured.jobsPerSecond)} jobs/s`);
          rounds.push(measured);
        } catch (error) {
          // The others may do better, and the report says whose figures are missing.
          problems.push(`${way.title}, ${scenario.title}: ${messageOf(error)}`);
          log(problems.at(-1) ?? '');
        }
      }
    }
  }
  if (rounds.length === 0) throw new Error(problems.join('; '));
  const temporalVersion = await serverVersion(bench);
  return {
    temporalVersion,
    ways: ways.map(({ name, title, about }) => ({ name, title, about })),
    scenarios,
    rounds,
    problems,
  };
}

function scenariosOf(size: MeasurementOptions['size']) {
  return llmScenarios.filter(({ name }) => (plans[size].scenarios as readonly string[]).includes(name));
}
