import type { Round } from '../cost/round';
import { systemCpuMs } from '../cost/sums';
import { middleOf, rounded, spread, table } from '../spread';
import { barsPlot } from './bars-plot';
import { flatLine } from './flat';
import type { Rounds } from './run-rounds';

/** That a worker may have at a time, where the measurement bounds it. */
export const CALLS_AT_A_TIME = 10;
/** What each of them takes. */
export const LLM_MS = 5_000;

type Measured = Rounds & { temporalVersion: string };

export function workersMarkdown(measured: Measured, counts: readonly number[]): string {
  const { rounds, problems, temporalVersion } = measured;
  const speed = (scenario: string, workers: number) =>
    middleOf(own(rounds, scenario, workers).map(({ jobsPerSecond }) => jobsPerSecond));
  const cpu = (workers: number) => middleOf(own(rounds, 'full', workers).map(systemCpuMs));
  const [least = 1, most = 1] = [counts[0], counts.at(-1)];
  return [
    'Everything runs on one machine, so more workers get no more CPU. Two measurements say two things. **Full**: packs of 50, the LLM answers at once, so CPU is what is short; more ' +
      'workers can win nothing here, and the question is what they cost. **Bounded**: packs of 1, every call takes 5 s, and a worker may have ' +
      `${CALLS_AT_A_TIME} of them at a time (\`WORKER_LLM_ACTIVITY_SLOTS\`), so waiting is what is short, as it is where a worker has used up its own core or its memory; ` +
      'jobs/s should grow with the workers until CPU is full. (By default a worker may have as many calls as fit into its memory.) Median (lowest-highest). ' +
      `Temporal server ${temporalVersion}.`,
    table(
      ['workers', 'full: jobs/s', 'CPU-ms a job, system', 'worker', 'Temporal'],
      counts.map((workers) => {
        const those = own(rounds, 'full', workers);
        return [
          String(workers),
          spread(those.map(({ jobsPerSecond }) => jobsPerSecond)),
          spread(those.map(systemCpuMs), 1),
          ...(['worker', 'engine'] as const).map((part) =>
            spread(
              those.map(({ cpuMsPerJob }) => cpuMsPerJob[part]),
              1,
            ),
          ),
        ];
      }),
    ),
    table(
      ['workers', 'bounded: jobs/s', 'most that the bound allows', 'share', 'CPU-ms a job, system'],
      counts.map((workers) => {
        const those = own(rounds, 'slots', workers);
        const bound = (workers * CALLS_AT_A_TIME) / (LLM_MS / 1_000);
        return [
          String(workers),
          spread(
            those.map(({ jobsPerSecond }) => jobsPerSecond),
            1,
          ),
          String(rounded(bound, 1)),
          spread(
            those.map(({ jobsPerSecond }) => jobsPerSecond / bound),
            2,
          ),
          spread(those.map(systemCpuMs), 1),
        ];
      }),
    ),
    [
      flatLine(`Full, CPU-ms a job with ${most} workers against ${least}`, cpu(least), cpu(most)),
      flatLine(
        `Full, jobs/s with ${most} workers against ${least}`,
        speed('full', least),
        speed('full', most),
      ),
      `- Bounded, jobs/s with ${most} workers against ${least}: ${rounded(speed('slots', most) / speed('slots', least), 2)} times, where ${rounded(most / least, 2)} would be all of it. ` +
        'What is missing is the time before the first and after the last call, and CPU where it is full.',
      ...problems.map((problem) => `- Not measured: ${problem}`),
    ].join('\n'),
  ].join('\n\n');
}

/** Jobs/s of both measurements. As SVG text. */
export function workersPlot(
  { rounds, temporalVersion }: Measured,
  counts: readonly number[],
): Promise<string> {
  const speed = (scenario: string, workers: number) =>
    middleOf(own(rounds, scenario, workers).map(({ jobsPerSecond }) => jobsPerSecond));
  const bars = (scenario: string) =>
    counts.map((workers) => ({
      label: workers === 1 ? '1 worker' : `${workers} workers`,
      value: speed(scenario, workers),
    }));
  const most = counts.at(-1) ?? 1;
  const times = (scenario: string) => rounded(speed(scenario, most) / speed(scenario, counts[0] ?? 1), 2);
  return barsPlot(
    {
      name: 'growth-workers',
      title: `${most} workers do ${times('slots')} times the jobs of one where calls in flight are what is short, ${times('full')} times where the machine's CPU is`,
      subtitle: `Jobs a second, by worker processes on one machine; medians. Temporal server ${temporalVersion}.`,
    },
    [
      {
        title: `Calls of 5 s, ${CALLS_AT_A_TIME} at a time in a worker: waiting is short`,
        unit: 'jobs/s',
        bars: bars('slots'),
      },
      { title: 'LLM answers at once, packs of 50: CPU is short', unit: 'jobs/s', bars: bars('full') },
    ],
  );
}

function own(rounds: readonly Round[], scenario: string, workers: number): Round[] {
  return rounds.filter((one) => one.scenario === scenario && one.way === `workers-${workers}`);
}
