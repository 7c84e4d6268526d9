import { systemCpuMs } from '../cost/sums';
import { middleOf, rounded, spread, table } from '../spread';
import { barsPlot } from './bars-plot';
import type { Closed } from './close-many';
import { flatLine } from './flat';
import type { Rounds } from './run-rounds';

export interface Moment extends Rounds {
  /** Of the files that Temporal keeps its state in. */
  databaseBytes: number;
}

export interface DatabaseGrowth {
  /** Closed workflows that were asked for. */
  wanted: number;
  before: Moment;
  closed: Closed;
  after: Moment;
  /** On empty servers once more: what differs from `before` is the machine. */
  again: Moment;
  temporalVersion: string;
}

export function databaseMarkdown(measured: DatabaseGrowth): string {
  const { wanted, before, closed, after, again, temporalVersion } = measured;
  const row = (label: string, { rounds, databaseBytes }: Moment) => [
    label,
    spread(rounds.map(({ jobsPerSecond }) => jobsPerSecond)),
    spread(rounds.map(systemCpuMs), 1),
    spread(
      rounds.map(({ cpuMsPerJob: { engine, database } }) => engine + database),
      1,
    ),
    spread(
      rounds.map(({ lagMs }) => lagMs.p50 / 1_000),
      2,
    ),
    String(rounded(databaseBytes / 2 ** 20)),
  ];
  const short = closed.workflows < wanted ? ` Time was up before all ${wanted} were there.` : '';
  return [
    'Packs of 50, the LLM answers at once, bridge and worker started afresh; on empty servers, on the same servers after they were given ' +
      `${closed.workflows} closed workflows, and on other empty servers, since a machine changes its speed meanwhile.${short} The closed ones look like packs of one job (payload, memo, search attributes), but were ended before they began, so their histories ` +
      `have two events. Median (lowest-highest). Temporal server ${temporalVersion}.`,
    table(
      [
        'closed workflows',
        'jobs/s',
        'CPU-ms a job, system',
        'Temporal and database',
        'result lag p50, s',
        'database, MB',
      ],
      [row('none', before), row(String(closed.workflows), after), row('none, afterwards', again)],
    ),
    [
      flatLine('Jobs/s, against the mean of both empty ones', mean(speed, measured), speed(after)),
      flatLine('CPU-ms a job, likewise', mean(cpu, measured), cpu(after)),
      flatLine(
        'Temporal with its database, against what everything else spent in the same round, likewise',
        mean(engineShare, measured),
        engineShare(after),
      ),
      flatLine('The machine, CPU-ms a job on empty servers afterwards', cpu(before), cpu(again)),
      flatLine(
        `Starting and ending a workflow: ${rounded(closed.firstPerSecond)}/s at first, ${rounded(closed.lastPerSecond)}/s at last`,
        closed.firstPerSecond,
        closed.lastPerSecond,
      ),
      ...[before, after, again]
        .flatMap(({ problems }) => problems)
        .map((problem) => `- Not measured: ${problem}`),
    ].join('\n'),
  ].join('\n\n');
}

/** Jobs/s and CPU before, after, and on empty servers again. As SVG text. */
export function databasePlot(measured: DatabaseGrowth): Promise<string> {
  const { before, closed, after, again, temporalVersion } = measured;
  const bars = (read: (moment: Moment) => number) => [
    { label: 'empty', value: read(before) },
    { label: `${closed.workflows.toLocaleString('en-US')} closed workflows`, value: read(after) },
    { label: 'empty, afterwards', value: read(again) },
  ];
  return barsPlot(
    {
      name: 'growth-database',
      title: `Beside ${closed.workflows.toLocaleString('en-US')} closed workflows: ${rounded(speed(after) / mean(speed, measured), 2)} times the jobs a second of empty servers, ${rounded(engineShare(after) / mean(engineShare, measured), 2)} times the CPU of Temporal`,
      subtitle: `Packs of 50, the LLM answers at once, medians. Temporal server ${temporalVersion}.`,
    },
    [
      { title: 'Jobs a second', unit: 'jobs/s', bars: bars(speed) },
      { title: 'CPU of the whole system', unit: 'CPU-ms a job', bars: bars(cpu) },
    ],
  );
}

function mean(read: (moment: Moment) => number, { before, again }: DatabaseGrowth): number {
  return (read(before) + read(again)) / 2;
}

const speed = ({ rounds }: Rounds): number => middleOf(rounds.map(({ jobsPerSecond }) => jobsPerSecond));
const cpu = ({ rounds }: Rounds): number => middleOf(rounds.map(systemCpuMs));
/** Within a round, so that a machine that changes its speed changes both sides. */
const engineShare = ({ rounds }: Rounds): number =>
  middleOf(
    rounds.map((round) => {
      const own = round.cpuMsPerJob.engine + round.cpuMsPerJob.database;
      return own / (systemCpuMs(round) - own);
    }),
  );
