import { systemParts, type SystemPart } from '../cost/parts';
import { middleOf } from '../spread';
import type { CostFigures } from './figures';
import { fitLine, valueAt, type Line } from './fit';

/** How far the model may be from a measured point before it says nothing about what was not measured. */
export const MOST_DEVIATION = 0.15;

/** What a job costs, by the size of its pack. */
export interface Model {
  scenario: { name: string; title: string };
  /** Waves that the calls of a pack may end in: half a second each. */
  mostWaves: number;
  /** CPU-milliseconds, of each part. */
  cpuMs: Record<SystemPart, Line>;
  /** State transitions on the Temporal server, in packs of more than one: a job alone takes another way, on which one activity makes and awaits the call. */
  transitions: Line;
  points: Point[];
  /** Of all points the largest. */
  worst: number;
}

/** A size that was measured, beside what the model says. */
export interface Point {
  /** As measured: jobs that a workflow really had. */
  packSize: number;
  cpuMs: { measured: number; model: number };
  /** Without a model for packs of one. */
  transitions: { measured: number; model?: number };
  /** The larger of both, relative to what was measured. */
  deviation: number;
}

/** Calls that end within this time of each other are one wave (activities/call-llm/next-wave.ts). */
const WAVE_MS = 500;

/** In this order: the scenario that is most like jobs that wait. */
const preferred = ['llm-5-10', 'llm-10', 'llm-0'];

/**
 * Fits the model to the medians of a scenario: of those that have packs of at least three sizes, the one most like jobs that wait.
 *
 * @throws Error when there is none
 */
export function fitModel(figures: CostFigures): Model {
  for (const name of preferred) {
    const sizes = sizesOf(figures, name);
    if (sizes.filter(({ packSize }) => packSize > 1).length < 3) continue;
    const { title, fromMs, toMs } = figures.scenarios.find((one) => one.name === name) ?? unnamed(name);
    return modelOf({ name, title }, Math.max(1, Math.round((toMs - fromMs) / WAVE_MS)), sizes);
  }
  throw new Error('no scenario has Headway measured with packs of at least three sizes above one');
}

const unnamed = (title: string) => ({ title, fromMs: 0, toMs: 0 });

/** Whether the model is good enough to say something about what was not measured. */
export function mayExtrapolate({ worst }: Pick<Model, 'worst'>): boolean {
  return worst <= MOST_DEVIATION;
}

/** CPU-milliseconds of a job over all parts. */
export function systemCpuMsAt(
  { cpuMs, mostWaves }: Pick<Model, 'cpuMs' | 'mostWaves'>,
  packSize: number,
): number {
  return systemParts.reduce((sum, part) => sum + valueAt(cpuMs[part], packSize, mostWaves), 0);
}

interface Size {
  packSize: number;
  cpuMs: Record<SystemPart, number>;
  transitions: number;
}

function sizesOf({ rounds }: CostFigures, scenario: string): Size[] {
  const ways = new Set(rounds.map(({ way }) => way).filter((way) => /^headway-\d+$/.test(way)));
  return [...ways].flatMap((way) => {
    const own = rounds.filter((round) => round.way === way && round.scenario === scenario && round.temporal);
    if (own.length === 0) return [];
    const cpuMs = systemParts.map(
      (part) => [part, middleOf(own.map((round) => round.cpuMsPerJob[part]))] as const,
    );
    return [
      {
        packSize: middleOf(own.map(({ temporal }) => temporal?.jobsPerWorkflow ?? Number.NaN)),
        cpuMs: Object.fromEntries(cpuMs) as Record<SystemPart, number>,
        transitions: middleOf(own.map(({ temporal }) => temporal?.transitions ?? Number.NaN)),
      },
    ];
  });
}

function modelOf(scenario: Model['scenario'], mostWaves: number, sizes: readonly Size[]): Model {
  const lineOf = (read: (size: Size) => number) =>
    fitLine(
      sizes.map((size) => ({ packSize: size.packSize, value: read(size) })),
      mostWaves,
    );
  const lines = systemParts.map((part) => [part, lineOf(({ cpuMs }) => cpuMs[part])] as const);
  const cpuMs = Object.fromEntries(lines) as Model['cpuMs'];
  const several = sizes.filter(({ packSize }) => packSize > 1);
  // A job in a pack has none of its own. In a single wave, some of them are: of large packs that came to be several.
  const transitions = fitLine(
    several.map(({ packSize, transitions: value }) => ({ packSize, value })),
    mostWaves,
    mostWaves > 1 ? ['perPack', 'perWave'] : ['perJob', 'perPack'],
  );
  const points = sizes.map((size): Point => {
    const cpu = {
      measured: systemParts.reduce((sum, part) => sum + size.cpuMs[part], 0),
      model: systemCpuMsAt({ cpuMs, mostWaves }, size.packSize),
    };
    const steps = {
      measured: size.transitions,
      ...(size.packSize > 1 && { model: valueAt(transitions, size.packSize, mostWaves) }),
    };
    const deviation = Math.max(
      ...[cpu, steps].map(({ measured, model = measured }) => Math.abs(model / measured - 1)),
    );
    return { packSize: size.packSize, cpuMs: cpu, transitions: steps, deviation };
  });
  return {
    scenario,
    mostWaves,
    cpuMs,
    transitions,
    points,
    worst: Math.max(...points.map(({ deviation }) => deviation)),
  };
}
