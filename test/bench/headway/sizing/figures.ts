import { benchParts, systemParts, type PartName } from '../../../../bench/headway/cost/parts';
import type { SteadyFigures } from '../../../../bench/headway/sizing/figures';
import { valueAt, type Line } from '../../../../bench/headway/sizing/fit';
import { wavesOf } from '../../../../bench/headway/sizing/waves';
import { steadyCases, type SteadyCase } from '../../../../bench/headway/steady/cases';
import type { SteadyPoint } from '../../../../bench/headway/steady/point';

const eachPart = (value: (part: PartName) => number) =>
  Object.fromEntries([...systemParts, ...benchParts].map((part) => [part, value(part)])) as Record<
    PartName,
    number
  >;

/** What every part of a system costs that follows the model exactly. */
export const worker: Line = { perJob: 4, perPack: 40, perWave: 10, perSecond: 40 };
export const transitions: Line = { perJob: 0, perPack: 10, perWave: 2, perSecond: 0 };
export const IDLE_MS = 20;
const others: Line = { perJob: 0.5, perPack: 5, perWave: 1, perSecond: 0 };

/** Jobs in a pack where as many arrive within its linger. */
const packSizeOf = ({ perSecond, packLingerMs, packMax }: SteadyCase) =>
  Math.min(packMax, (perSecond * packLingerMs) / 1_000);

/** A measured point of such a system. */
export function pointOf(one: SteadyCase, round = 0): SteadyPoint {
  const { perSecond, llmMs } = one;
  const packSize = packSizeOf(one);
  const waves = perSecond === 0 ? 1 : wavesOf(packSize, llmMs);
  const shape = { packSize, waves, jobsPerSecond: perSecond };
  const cost = (part: PartName) => {
    if (part === 'database') return 0;
    const own = perSecond === 0 ? 0 : perSecond * valueAt(part === 'worker' ? worker : others, shape);
    return IDLE_MS + own;
  };
  const point: SteadyPoint = {
    ...{ case: one.name, round, seconds: 30, jobsPerSecond: perSecond, worstLateMs: 3 },
    cpuMsPerSecond: eachPart(cost),
    megabytes: eachPart((part) => (part === 'database' ? 0 : 100)),
  };
  if (perSecond === 0) return point;
  return {
    ...point,
    temporal: { jobsPerWorkflow: packSize, events: 1, transitions: valueAt(transitions, shape) },
    waves: shape.waves,
    toCallMs: { p50: 200, p95: 480, p99: 600 },
    lagMs: { p50: 700, p95: 1_200, p99: 1_600 },
  };
}

export const figures: SteadyFigures & { points: SteadyPoint[]; cases: readonly SteadyCase[] } = {
  temporalVersion: '1.29.1',
  cases: [...steadyCases],
  points: steadyCases.map((one) => pointOf(one)),
};
