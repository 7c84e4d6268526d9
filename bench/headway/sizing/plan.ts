import { systemParts, type SystemPart } from '../cost/parts';
import type { InFlightFigures } from './figures';
import { valueAt } from './fit';
import type { Inputs } from './inputs';
import type { Model } from './model';
import { wavesOf } from './waves';

export interface Plan {
  inFlight: number;
  /** That the calls of a pack end in. */
  waves: number;
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
  /** Of the queue topic, at most: with more, packs are smaller. */
  partitions: number;
  /** Processes that have nothing to do, and jobs in flight; undefined where those were not measured. */
  memoryGb?: number;
  usdPerHour: number;
  usdPerMillionJobs: number;
}

const HOUR_S = 3_600;

/** What so many jobs need by the model. The formulas are in docs/sizing.md. */
export function planFor(
  model: Pick<Model, 'idle' | 'cpuMs' | 'transitions'>,
  inputs: Inputs,
  inFlightFigures?: InFlightFigures,
): Plan {
  const { jobsPerSecond, packSize, coreShare, callFromMs, callToMs } = inputs;
  const inFlight = (jobsPerSecond * (callFromMs + callToMs)) / 2 / 1_000;
  const waves = wavesOf(packSize, { from: callFromMs, to: callToMs });
  // What is spent in each second is that of each process, and counted with it.
  const shape = { packSize, waves, jobsPerSecond: Infinity };
  const idleCores = (part: SystemPart) =>
    (model.idle[part].cpuMsPerSecond + model.cpuMs[part].perSecond) / 1_000;
  const jobCores = (part: SystemPart) => (jobsPerSecond * valueAt(model.cpuMs[part], shape)) / 1_000;
  // A process of Node.js has one core for what it does itself, and a share of it is gone when nothing arrives.
  const processes = (part: 'worker' | 'bridge') =>
    Math.max(1, Math.ceil(jobCores(part) / (coreShare - idleCores(part))));
  const byCpu = processes('worker');
  const byCalls = Math.ceil(inFlight / inputs.inFlightPerWorker);
  const workers = Math.max(byCpu, byCalls);
  const bridges = processes('bridge');
  const serverHosts = Math.max(
    1,
    Math.ceil(jobCores('engine') / (inputs.coresPerHost * coreShare - idleCores('engine'))),
  );
  const count: Record<SystemPart, number> = {
    ...{ broker: 1, engine: serverHosts, database: 1, bridge: bridges, worker: workers, enrichment: 1 },
  };
  const coresOf = (part: SystemPart) => (count[part] * idleCores(part) + jobCores(part)) / coreShare;
  const cores = Object.fromEntries(systemParts.map((part) => [part, coresOf(part)])) as Plan['cores'];
  const workflowsPerSecond = jobsPerSecond / packSize;
  const transitionsPerSecond = jobsPerSecond * valueAt(model.transitions, shape);
  const shardsUsed = (transitionsPerSecond * inputs.writeMs) / 1_000 / inputs.shardShare;
  const kilobytes = kilobytesPerJob(inFlightFigures, inFlight / workers);
  const idleMb = systemParts.reduce((sum, part) => sum + count[part] * model.idle[part].megabytes, 0);
  const memoryGb = kilobytes && (inFlight * kilobytes) / 2 ** 20 + idleMb / 2 ** 10;
  const allCores = systemParts.reduce((sum, part) => sum + cores[part], 0);
  const usdPerHour = allCores * inputs.coreHourUsd + (memoryGb ?? 0) * inputs.memoryHourUsd;
  return {
    ...{ inFlight, waves },
    ...{ cores, workers, bridges, serverHosts, workflowsPerSecond, usdPerHour, memoryGb },
    workersBoundBy: byCpu >= byCalls ? 'CPU' : 'jobs in flight',
    writesPerSecond: transitionsPerSecond + workflowsPerSecond * inputs.visibilityWrites,
    // It cannot be changed later, and is a power of two by custom.
    shards: 2 ** Math.ceil(Math.log2(Math.max(1, shardsUsed))),
    partitions: Math.floor((jobsPerSecond * inputs.packLingerMs) / 1_000 / packSize),
    usdPerMillionJobs: (usdPerHour / (jobsPerSecond * HOUR_S)) * 1e6,
  };
}

/**
 * Over all processes. Few jobs in a process seem to have more memory each, since a runtime keeps what it once took.
 *
 * @param perWorker jobs in flight in one worker: of the points that were measured, the one with as many or with the next more counts, and the largest where
 * none has as many
 */
function kilobytesPerJob(inFlight: InFlightFigures | undefined, perWorker: number): number | undefined {
  const sorted = [...(inFlight?.points ?? [])].sort((a, b) => a.atOnce - b.atOnce);
  const point = sorted.find(({ atOnce }) => atOnce >= perWorker) ?? sorted.at(-1);
  if (!point) return undefined;
  const more = Object.values(point.megabytes).reduce((sum, one) => sum + one.inFlight - one.before, 0);
  return (more * 1_024) / point.atOnce;
}
