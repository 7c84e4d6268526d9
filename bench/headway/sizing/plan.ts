import { systemParts, type SystemPart } from '../cost/parts';
import type { InFlightFigures } from './figures';
import { valueAt } from './fit';
import type { Inputs } from './inputs';
import type { Model } from './model';

export interface Plan {
  /** Cores that are needed when each is used as far as `coreShare` says, by part. */
  cores: Record<SystemPart, number>;
  workers: number;
  /** Why it is not fewer. */
  workersBoundBy: 'CPU' | 'jobs in flight';
  bridges: number;
  serverHosts: number;
  workflowsPerSecond: number;
  writesPerSecond: number;
  shards: number;
  partitions: number;
  /** For jobs in flight, over all processes; undefined where it was not measured. */
  memoryGb?: number;
  usdPerHour: number;
  usdPerMillionJobs: number;
}

const HOUR_S = 3_600;

/** What so many jobs need by the model. The formulas are in docs/sizing.md. */
export function planFor(
  model: Pick<Model, 'cpuMs' | 'transitions' | 'mostWaves'>,
  inputs: Inputs,
  inFlight?: InFlightFigures,
): Plan {
  const { jobsPerSecond, packSize, coreShare } = inputs;
  const coresOf = (part: SystemPart) =>
    (jobsPerSecond * valueAt(model.cpuMs[part], packSize, model.mostWaves)) / 1_000 / coreShare;
  const cores = Object.fromEntries(systemParts.map((part) => [part, coresOf(part)])) as Plan['cores'];
  // A process of Node.js has one core for what it does itself.
  const byCpu = Math.ceil(cores.worker);
  const byCalls = Math.ceil(inputs.inFlight / inputs.inFlightPerWorker);
  const bridges = Math.max(1, Math.ceil(cores.bridge));
  const workflowsPerSecond = jobsPerSecond / packSize;
  const transitionsPerSecond = jobsPerSecond * valueAt(model.transitions, packSize, model.mostWaves);
  const shardsUsed = (transitionsPerSecond * inputs.writeMs) / 1_000 / inputs.shardShare;
  const kilobytes = kilobytesPerJob(inFlight);
  const memoryGb = kilobytes && (inputs.inFlight * kilobytes) / 2 ** 20;
  const allCores = systemParts.reduce((sum, part) => sum + cores[part], 0);
  const usdPerHour = allCores * inputs.coreHourUsd + (memoryGb ?? 0) * inputs.memoryHourUsd;
  return {
    ...{ cores, bridges, workflowsPerSecond, usdPerHour, memoryGb },
    workers: Math.max(byCpu, byCalls),
    workersBoundBy: byCpu >= byCalls ? 'CPU' : 'jobs in flight',
    serverHosts: Math.ceil(cores.engine / inputs.coresPerHost),
    writesPerSecond: transitionsPerSecond + workflowsPerSecond * inputs.visibilityWrites,
    // It cannot be changed later, and is a power of two by custom.
    shards: 2 ** Math.ceil(Math.log2(Math.max(1, shardsUsed))),
    partitions: bridges * inputs.partitionsPerBridge,
    usdPerMillionJobs: (usdPerHour / (jobsPerSecond * HOUR_S)) * 1e6,
  };
}

/** Of the point with most jobs, over all processes. */
function kilobytesPerJob(inFlight: InFlightFigures | undefined): number | undefined {
  const most = inFlight?.points.reduce<InFlightFigures['points'][number] | undefined>(
    (best, one) => (best && best.atOnce >= one.atOnce ? best : one),
    undefined,
  );
  if (!most) return undefined;
  const more = Object.values(most.megabytes).reduce((sum, one) => sum + one.inFlight - one.before, 0);
  return (more * 1_024) / most.atOnce;
}
