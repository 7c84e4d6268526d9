import type { Round } from '../cost/round';
import { middleOf, rounded, spread, table } from '../spread';
import { barsPlot } from './bars-plot';
import type { Rounds } from './run-rounds';

type Measured = Rounds & { temporalVersion: string };

export function historyMarkdown(measured: Measured, counts: readonly number[]): string {
  const { rounds, problems, temporalVersion } = measured;
  const [least = 1, most = 1] = [counts[0], counts.at(-1)];
  return [
    'The same jobs in packs of 50, whose calls end together (one wave) or apart (waves 0.7 s after each other). Every wave is written into the history of its pack, ' +
      'so more waves are longer histories, and more work for the same jobs. CPU is that of Temporal, its database and the worker. The machine is as busy as it can be, so waves that ' +
      `end close together become one: how many there were shows in the events. Median (lowest-highest). Temporal server ${temporalVersion}.`,
    table(
      [
        'waves a pack',
        'events a workflow',
        'transitions a job',
        'CPU-ms a job',
        'CPU-ms for each transition more',
        'result lag p50, s',
        'p95, s',
      ],
      counts.map((waves, index) => {
        const those = own(rounds, waves);
        const before = own(rounds, counts[index - 1] ?? Number.NaN);
        return [
          String(waves),
          spread(
            those.flatMap(({ temporal }) => (temporal ? temporal.events * temporal.jobsPerWorkflow : [])),
          ),
          spread(transitionsOf(those), 2),
          spread(those.map(engineCpuMs), 1),
          before.length === 0 ? '-' : String(rounded(eachMore(before, those), 1)),
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
      `- Each state transition that ${most} waves have more than ${least} costs ${rounded(eachMore(own(rounds, least), own(rounds, most)), 1)} CPU-ms. A step that became dearer with the history before it would show as a ` +
        'column that grows; so would histories that are read again (the worker keeps a workflow in memory as long as `WORKER_MAX_CACHED_WORKFLOWS` allows).',
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
      { title: 'CPU', unit: 'CPU-ms a job', bars: bars((those) => those.map(engineCpuMs)) },
      { title: 'State transitions', unit: 'a job', bars: bars(transitionsOf) },
    ],
  );
}

function finding(rounds: readonly Round[], counts: readonly number[]): string {
  const [least, most] = [counts[0] ?? 1, counts.at(-1) ?? 1].map((waves) => own(rounds, waves));
  const [few, many] = [eventsOf(least ?? []), eventsOf(most ?? [])];
  const more = rounded(eachMore(least ?? [], most ?? []), 1);
  return `Histories of ${many} events instead of ${few}: each state transition more costs ${more} CPU-ms`;
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

function transitionsOf(those: readonly Round[]): number[] {
  return those.flatMap(({ temporal }) => temporal?.transitions ?? []);
}

/** CPU-milliseconds for each state transition that the second have more than the first: medians. */
function eachMore(few: readonly Round[], many: readonly Round[]): number {
  const more = (read: (those: readonly Round[]) => number[]) => middleOf(read(many)) - middleOf(read(few));
  return more((those) => those.map(engineCpuMs)) / more(transitionsOf);
}

function own(rounds: readonly Round[], waves: number): Round[] {
  return rounds.filter(({ way }) => way === `waves-${waves}`);
}
