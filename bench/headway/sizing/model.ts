import { systemParts, type SystemPart } from '../cost/parts';
import { middleOf } from '../spread';
import { idleOf, perJobOf } from '../steady/summary';
import type { SteadyFigures } from './figures';
import { fitLine, valueAt, type Line, type Shape } from './fit';
import { wavesOf } from './waves';

/** How far the model may be from a measured point before it says nothing about what was not measured. */
export const MOST_DEVIATION = 0.15;

/** By name: the cases of the part steady that it is fitted to. The others show whether it is right about what it has not seen. */
const FITTED = ['packs-of-10', 'packs-of-50', 'one-wave', 'slower'];

/** What jobs cost, by the size of their packs and by how many waves their calls end in. */
export interface Model {
  /** What the processes of each part spend while nothing arrives: one of each, as it was measured. */
  idle: Record<SystemPart, { cpuMsPerSecond: number; megabytes: number }>;
  /** CPU-milliseconds of a job beside that, of each part. */
  cpuMs: Record<SystemPart, Line>;
  /** State transitions of a job on the Temporal server. */
  transitions: Line;
  points: Point[];
  /** Of all points the largest. */
  worst: number;
}

/** A case that was measured, beside what the model says. */
export interface Point extends Shape {
  title: string;
  /** Those that its calls ended in, where they were counted; `waves` are simulated, as they are for what was not measured. */
  countedWaves?: number;
  /** Whether the model was fitted to it, or has not seen it. */
  fitted: boolean;
  jobsPerSecond: number;
  /** Of all parts together, without what is spent while nothing arrives. */
  cpuMs: Compared;
  transitions: Compared;
  /** The larger of both, relative to what was measured. */
  deviation: number;
}

export interface Compared {
  /** The median of the rounds. */
  measured: number;
  model: number;
}

/**
 * Fits the model to the medians of the cases that are there for it, and holds it against all of them.
 *
 * @throws Error when too few were measured
 */
export function fitModel({ cases, points }: SteadyFigures): Model {
  const own = (name: string) => points.filter((one) => one.case === name);
  const idle = cases.filter(({ perSecond }) => perSecond === 0).flatMap(({ name }) => own(name));
  if (idle.length === 0) throw new Error('what processes spend while nothing arrives has to be measured');
  const measured = cases.flatMap((one) => {
    const those = own(one.name).filter(({ temporal }) => temporal !== undefined);
    if (those.length === 0) return [];
    const packSize = middleOf(those.map(({ temporal }) => temporal?.jobsPerWorkflow ?? Number.NaN));
    const counted = those.flatMap(({ waves }) => waves ?? []);
    return [
      {
        ...{ title: one.title, fitted: FITTED.includes(one.name), packSize },
        waves: wavesOf(packSize, one.llmMs),
        countedWaves: counted.length > 0 ? middleOf(counted) : undefined,
        jobsPerSecond: middleOf(those.map(({ jobsPerSecond }) => jobsPerSecond)),
        // A part may spend less than while nothing arrives, by a little, since it is noise.
        cpuMs: (parts: readonly SystemPart[]) =>
          Math.max(0, middleOf(those.map((point) => perJobOf(point, idle, parts)))),
        transitions: middleOf(those.map(({ temporal }) => temporal?.transitions ?? Number.NaN)),
      },
    ];
  });
  // What waves cost is fitted to the waves that there were.
  const fitted = measured
    .filter((one) => one.fitted)
    .map((one) => ({ ...one, waves: one.countedWaves ?? one.waves }));
  const lines = systemParts.map(
    (part) => [part, fitLine(fitted.map((one) => ({ ...one, value: one.cpuMs([part]) })))] as const,
  );
  const cpuMs = Object.fromEntries(lines) as Model['cpuMs'];
  // A job in a pack has none of its own.
  const transitions = fitLine(
    fitted.map((one) => ({ ...one, value: one.transitions })),
    ['perPack', 'perWave'],
  );
  const compared = measured.map((one): Point => {
    const cpu = { measured: one.cpuMs(systemParts), model: systemCpuMsAt({ cpuMs }, one) };
    const steps = { measured: one.transitions, model: valueAt(transitions, one) };
    const deviation = Math.max(...[cpu, steps].map((each) => Math.abs(each.model / each.measured - 1)));
    const { title, packSize, waves, countedWaves, jobsPerSecond } = one;
    return {
      ...{ title, packSize, waves, countedWaves, jobsPerSecond, fitted: one.fitted },
      ...{ cpuMs: cpu, transitions: steps, deviation },
    };
  });
  const spent = systemParts.map((part) => {
    const megabytes = middleOf(idle.map((point) => point.megabytes[part]));
    return [part, { cpuMsPerSecond: idleOf(idle, part), megabytes }] as const;
  });
  return {
    idle: Object.fromEntries(spent) as Model['idle'],
    ...{ cpuMs, transitions, points: compared },
    worst: Math.max(...compared.map(({ deviation }) => deviation)),
  };
}

/** Whether the model is good enough to say something about what was not measured, and was held against something it had not seen. */
export function mayExtrapolate({ worst, points }: Pick<Model, 'worst' | 'points'>): boolean {
  return worst <= MOST_DEVIATION && points.some(({ fitted }) => !fitted);
}

/** CPU-milliseconds of a job over all parts, without what processes spend while nothing arrives. */
export function systemCpuMsAt({ cpuMs }: Pick<Model, 'cpuMs'>, shape: Shape): number {
  return systemParts.reduce((sum, part) => sum + valueAt(cpuMs[part], shape), 0);
}
