import { barsPlot } from '../growth/bars-plot';
import { benchParts, partTitles, systemParts, type PartName } from '../cost/parts';
import { middleOf, rounded, spread, table } from '../spread';
import { wavesOf } from '../sizing/waves';
import type { SteadyCase } from './cases';
import type { SteadyPoint } from './point';

export interface SteadyMeasured {
  temporalVersion: string;
  cases: readonly SteadyCase[];
  points: readonly SteadyPoint[];
  /** By case: why one has no figures. */
  problems: readonly string[];
}

/** Goal of the result lag at a rate that a machine can keep up with, in milliseconds. */
const LAG_GOAL_MS = 1_000;

export function steadyMarkdown(measured: SteadyMeasured): string {
  const { temporalVersion, cases, problems } = measured;
  const rows = rowsOf(measured, cases);
  const idle = rows.find(({ measured: one }) => one.perSecond === 0);
  const loads = rows.filter(({ measured: one }) => one.perSecond > 0);
  return [
    'One bridge and one worker on one partition, as much load on the whole machine as it keeps up with easily, sent at independent moments. CPU is that of a window in which as many jobs end as ' +
      'begin, less what the same processes spend while nothing arrives. Kafka in to Kafka out, calls in background mode; every row is started afresh and warmed up, rounds alternate. "As by default" is `PACK_MAX` 50 and `PACK_LINGER_MS` 500; other sizes of packs are about so large. Median ' +
      `(lowest-highest). Temporal server ${temporalVersion}.`,
    ...(idle ? ['What processes spend by themselves:', idleTable(idle)] : []),
    ...(loads.length > 0
      ? [
          'What jobs come to beside that:',
          loadTable(loads, idle?.points ?? []),
          'From sent to the beginning of the LLM call, and from its end to the result on the topic:',
          waitTable(loads),
        ]
      : []),
    goalLines(loads).join('\n'),
    ...problems.map((problem) => `- Not measured: ${problem}`),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

interface Row {
  measured: SteadyCase;
  points: SteadyPoint[];
}

/** Idle first, and nothing that could not be measured. */
function rowsOf({ points }: SteadyMeasured, cases: readonly SteadyCase[]): Row[] {
  return cases
    .map((measured) => ({ measured, points: points.filter((one) => one.case === measured.name) }))
    .filter(({ points: own }) => own.length > 0)
    .sort(
      (a, b) =>
        a.measured.perSecond - b.measured.perSecond || cases.indexOf(a.measured) - cases.indexOf(b.measured),
    );
}

const shown: readonly PartName[] = [...systemParts, ...benchParts];

function idleTable({ points }: Row): string {
  return table(
    ['', ...shown.map((part) => partTitles[part])],
    [
      [
        'CPU-ms a second',
        ...shown.map((part) =>
          spread(
            points.map((one) => one.cpuMsPerSecond[part]),
            1,
          ),
        ),
      ],
      [
        'MB',
        ...shown.map((part) => (part === 'load' ? '-' : spread(points.map((one) => one.megabytes[part])))),
      ],
    ],
  );
}

function loadTable(rows: readonly Row[], idle: readonly SteadyPoint[]): string {
  return table(
    [
      ...['', 'jobs/s', 'jobs a pack', 'waves', 'waves, simulated', 'transitions a job', 'events a job'],
      ...shown.map((part) => partTitles[part]),
      'CPU-ms a job, system',
    ],
    rows.map(({ measured, points }) => [
      measured.title,
      spread(
        points.map(({ jobsPerSecond }) => jobsPerSecond),
        1,
      ),
      spread(packSizes(points), 1),
      spread(
        points.flatMap(({ waves }) => waves ?? []),
        1,
      ),
      String(rounded(wavesOf(middleOf(packSizes(points)), measured.llmMs), 1)),
      ...(['transitions', 'events'] as const).map((one) =>
        spread(
          points.flatMap(({ temporal }) => temporal?.[one] ?? []),
          2,
        ),
      ),
      ...shown.map((part) =>
        spread(
          points.map((one) => perJobOf(one, idle, [part])),
          1,
        ),
      ),
      spread(
        points.map((one) => perJobOf(one, idle, systemParts)),
        1,
      ),
    ]),
  );
}

function packSizes(points: readonly SteadyPoint[]): number[] {
  return points.flatMap(({ temporal }) => temporal?.jobsPerWorkflow ?? []);
}

/** CPU-milliseconds of a job, less what the same processes spend in that time while nothing arrives. */
export function perJobOf(
  point: Pick<SteadyPoint, 'cpuMsPerSecond' | 'jobsPerSecond'>,
  idle: readonly Pick<SteadyPoint, 'cpuMsPerSecond'>[],
  parts: readonly PartName[],
): number {
  const own = parts.reduce(
    (sum, part) => sum + point.cpuMsPerSecond[part] - (idle.length > 0 ? idleOf(idle, part) : 0),
    0,
  );
  return own / point.jobsPerSecond;
}

/** CPU-milliseconds a second while nothing arrives: the median of the rounds. */
export function idleOf(idle: readonly Pick<SteadyPoint, 'cpuMsPerSecond'>[], part: PartName): number {
  return middleOf(idle.map(({ cpuMsPerSecond }) => cpuMsPerSecond[part]));
}

function waitTable(rows: readonly Row[]): string {
  const waits = ['toCallMs', 'lagMs'] as const;
  const quantiles = ['p50', 'p95', 'p99'] as const;
  return table(
    [
      '',
      ...waits.flatMap((one) =>
        quantiles.map((at) => `${one === 'lagMs' ? 'result lag' : 'to the call'} ${at}, s`),
      ),
    ],
    rows.map(({ measured, points }) => [
      measured.title,
      ...waits.flatMap((one) =>
        quantiles.map((at) =>
          spread(
            points.flatMap((point) => (point[one] ? point[one][at] / 1_000 : [])),
            2,
          ),
        ),
      ),
    ]),
  );
}

function goalLines(rows: readonly Row[]): string[] {
  return rows
    .filter(({ measured }) => measured.name === 'default')
    .map(({ points }) => {
      const lag = middleOf(points.flatMap(({ lagMs }) => lagMs?.p50 ?? []));
      return `- Goal for the result lag p50 as by default: under ${LAG_GOAL_MS / 1_000} s: ${lag < LAG_GOAL_MS ? 'met' : 'not met'} (${rounded(lag / 1_000, 2)}).`;
    });
}

/** CPU and result lag by case. As SVG text. */
export async function steadyPlot(measured: SteadyMeasured, subtitle: string): Promise<string> {
  const rows = rowsOf(measured, measured.cases);
  const idle = rows.find(({ measured: one }) => one.perSecond === 0)?.points ?? [];
  const loads = rows.filter(({ measured: one }) => one.perSecond > 0);
  const bars = (read: (point: SteadyPoint) => number) =>
    loads.map(({ measured: one, points }) => ({
      label: one.title,
      value: middleOf(points.map(read)),
    }));
  const byDefault = loads.find(({ measured: one }) => one.name === 'default')?.points ?? [];
  const [cpuMs, lag] = [
    middleOf(byDefault.map((one) => perJobOf(one, idle, systemParts))),
    middleOf(byDefault.map(({ lagMs }) => (lagMs?.p50 ?? Number.NaN) / 1_000)),
  ];
  return barsPlot(
    {
      name: 'steady',
      title: Number.isNaN(cpuMs)
        ? 'What a job costs at a steady rate'
        : `At a steady rate a job costs ${rounded(cpuMs, 1)} CPU-ms, and half of the results come ${rounded(lag, 2)} s after their calls`,
      subtitle: `The title is of what is set by default. CPU without what processes spend while nothing arrives. ${subtitle}`,
    },
    [
      {
        title: 'CPU of the whole system',
        unit: 'CPU-ms a job',
        bars: bars((one) => perJobOf(one, idle, systemParts)),
      },
      {
        title: 'From the end of the LLM call to the result, p50',
        unit: 's',
        bars: bars(({ lagMs }) => (lagMs?.p50 ?? Number.NaN) / 1_000),
      },
    ],
  );
}
