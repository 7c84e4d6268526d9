import type { Round } from '../cost/round';
import { middleOf, rounded, spread, table } from '../spread';
import { barsPlot } from './bars-plot';
import { flatLine } from './flat';
import type { Rounds } from './run-rounds';

type Measured = Rounds & { temporalVersion: string };

export function historyMarkdown(measured: Measured, counts: readonly number[]): string {
  const { rounds, problems, temporalVersion } = measured;
  const [least = 1, most = 1] = [counts[0], counts.at(-1)];
  const transition = (waves: number) => middleOf(perTransition(own(rounds, waves)));
  return [
    'The same jobs in packs of 50, whose calls end together (one wave) or apart (waves 0.7 s after each other). Every wave is written into the history of its pack, ' +
      'so more waves are longer histories, and more work for the same jobs. Flat means that a step costs the same however long the history before it is: CPU-ms a state ' +
      `transition, of Temporal, its database and the worker. Median (lowest-highest). Temporal server ${temporalVersion}.`,
    table(
      [
        'waves a pack',
        'events a workflow',
        'transitions a job',
        'CPU-ms a job',
        'CPU-ms a transition',
        'result lag p50, s',
        'p95, s',
      ],
      counts.map((waves) => {
        const those = own(rounds, waves);
        return [
          String(waves),
          spread(
            those.flatMap(({ temporal }) => (temporal ? temporal.events * temporal.jobsPerWorkflow : [])),
          ),
          spread(
            those.flatMap(({ temporal }) => temporal?.transitions ?? []),
            2,
          ),
          spread(those.map(engineCpuMs), 1),
          spread(perTransition(those), 1),
          ...(['p50', 'p95'] as const).map((quantile) =>
            spread(
              those.map(({ lagMs }) => lagMs[quantile] / 1_000),
              2,
            ),
          ),
        ];
      }),
    ),
    [
      flatLine(
        `CPU-ms a state transition with ${most} waves against ${least}`,
        transition(least),
        transition(most),
      ),
      '- Less than before is to be expected: enriching, calls, results and their bytes cost a job the same in either case, and are spread over more transitions. More than ' +
        'before would mean that histories are read again (the worker keeps a workflow in memory as long as `WORKER_MAX_CACHED_WORKFLOWS` allows).',
      ...problems.map((problem) => `- Not measured: ${problem}`),
    ].join('\n'),
  ].join('\n\n');
}

/** CPU by job and by transition. As SVG text. */
export function historyPlot(
  { rounds, temporalVersion }: Measured,
  counts: readonly number[],
): Promise<string> {
  const bars = (read: (those: Round[]) => number[]) =>
    counts.map((waves) => ({
      label: label(own(rounds, waves), waves),
      value: middleOf(read(own(rounds, waves))),
    }));
  return barsPlot(
    {
      name: 'growth-history',
      title: finding(rounds, counts),
      subtitle: `CPU of worker, Temporal and its database; packs of 50, medians. Temporal server ${temporalVersion}.`,
    },
    [
      { title: 'A step', unit: 'CPU-ms a state transition', bars: bars(perTransition) },
      {
        title: 'A job, which takes more steps',
        unit: 'CPU-ms a job',
        bars: bars((those) => those.map(engineCpuMs)),
      },
    ],
  );
}

function finding(rounds: readonly Round[], counts: readonly number[]): string {
  const [least, most] = [counts[0] ?? 1, counts.at(-1) ?? 1].map((waves) => own(rounds, waves));
  const [few, many] = [eventsOf(least ?? []), eventsOf(most ?? [])];
  const times = rounded(middleOf(perTransition(most ?? [])) / middleOf(perTransition(least ?? [])), 2);
  return `In a history of ${many} events a step costs ${times} times what it does in one of ${few}`;
}

function label(those: Round[], waves: number): string {
  return `${waves === 1 ? '1 wave' : `${waves} waves`}, ${eventsOf(those)} events`;
}

/** Of a workflow. */
function eventsOf(those: readonly Round[]): number {
  return Math.round(
    middleOf(those.flatMap(({ temporal }) => (temporal ? temporal.events * temporal.jobsPerWorkflow : []))),
  );
}

function engineCpuMs({ cpuMsPerJob: { engine, database, worker } }: Round): number {
  return engine + database + worker;
}

function perTransition(those: readonly Round[]): number[] {
  return those.flatMap((one) => (one.temporal ? engineCpuMs(one) / one.temporal.transitions : []));
}

function own(rounds: readonly Round[], waves: number): Round[] {
  return rounds.filter(({ way }) => way === `waves-${waves}`);
}
