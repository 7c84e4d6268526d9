import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../compare/clock';
import { quantilesOf, type Waited } from '../../compare/quantiles';
import { sendLoad } from '../../compare/send-load';
import { followSimulator, type SimulatorControl } from '../../compare/simulator-control';
import { startUsageMeter, type PartUsage } from '../../compare/usage';
import type { BenchStack } from '../bench-stack';
import { engineCost, untilClosed } from '../cost/engine-cost';
import { pidsOf } from '../cost/measure-round';
import { partNames, type PartName } from '../cost/parts';
import { lagsOf, perJob } from '../cost/round';
import { planJobs } from '../cost/scenarios';
import { haveResults, onTopics, type OnTopics } from '../on-topics';
import { startHeadway, type RunningHeadway } from '../start-headway';
import { planArrivals } from './arrivals';
import type { SteadyCase } from './cases';
import { countWaves } from './count-waves';
import type { SteadyPoint, SteadyWaits } from './point';

export interface SteadyOptions {
  measured: SteadyCase;
  round: number;
  /** Milliseconds that are measured. */
  windowMs: number;
  seed: number;
  log: (line: string) => void;
  onProgress: (doing: string) => void;
}

const WARM_UP_JOBS = 600;
const WARM_UP_MS = 120_000;
/** After the last job was sent: its call, and what a machine that is too busy needs to catch up. */
const AFTERWARDS_MS = 120_000;
/** Beyond the longest call, until as many jobs end as begin. */
const SETTLED_MS = 5_000;

/**
 * One bridge and one worker on one partition, and a rate that goes on: measured from when as many jobs end as begin.
 *
 * @throws Error when a job does not complete, or something takes too long
 */
export async function measureSteady(bench: BenchStack, options: SteadyOptions): Promise<SteadyPoint> {
  const { measured, round, log, onProgress, seed } = options;
  const name = `steady-${measured.name}-${round}-${Date.now()}`;
  return onTopics(bench, { name, slots: 1, partitions: 1, log }, async (topics) => {
    onProgress('starting');
    const { packMax, packLingerMs } = measured;
    const env = { PACK_LINGER_MS: String(packLingerMs) };
    const headway = await startHeadway(bench, topics.run, { packMax, env });
    topics.closing.push(() => headway.stop());
    onProgress('warm-up');
    const warmUp = { name: 'warm-up', fromMs: 0, toMs: 0 };
    await topics.queue.send(planJobs(warmUp, { prefix: 'warm-up', count: WARM_UP_JOBS, seed }));
    await haveResults(topics.watch, WARM_UP_JOBS, WARM_UP_MS);
    await untilClosed(bench.client, { taskQueue: headway.taskQueue, since: new Date(0) });
    const simulator = await followSimulator(bench.stack.addresses.llmBaseUrl ?? '');
    const over = new AbortController();
    try {
      return await measure(bench, options, { headway, simulator, signal: over.signal, ...topics });
    } finally {
      over.abort();
      // After a failure nobody else would end it.
      await simulator.stop().catch(() => {});
    }
  });
}

async function measure(
  bench: BenchStack,
  { measured, round, windowMs, seed, onProgress }: SteadyOptions,
  running: OnTopics & { headway: RunningHeadway; simulator: SimulatorControl; signal: AbortSignal },
): Promise<SteadyPoint> {
  const { headway, simulator, signal, queue, watch } = running;
  const { taskQueue, bridge, workers } = headway;
  const pids = () => ({
    ...{ engine: bench.temporalPids(), database: bench.databasePids() },
    ...{ bridge: [bridge.pid], worker: workers.map(({ pid }) => pid) },
  });
  const settledMs = (measured.perSecond === 0 ? 0 : measured.llmMs.to) + SETTLED_MS;
  const planned = planArrivals(measured, settledMs + windowMs, { seed, round });

  const since = new Date();
  const sending = sendLoad(planned, now(), queue.send, signal);
  onProgress(`${measured.perSecond} jobs/s: until as many end as begin`);
  await delay(settledMs);
  onProgress(`${measured.perSecond} jobs/s: measured for ${windowMs / 1_000} s`);
  const from = now();
  const meter = startUsageMeter(() => pidsOf(bench, { pids }));
  const loadBefore = process.cpuUsage();
  await delay(windowMs);
  const usage = meter.stop();
  const load = process.cpuUsage(loadBefore);
  const to = now();
  const { sent, worstLateMs, refused } = await sending;
  if (refused > 0) throw new Error(`the broker refused ${refused} of ${planned.length} records`);
  onProgress('until all have ended');
  await haveResults(watch, WARM_UP_JOBS + sent.length, measured.llmMs.to + AFTERWARDS_MS);
  await untilClosed(bench.client, { taskQueue, since });
  await simulator.stop();

  const results = watch.results.filter(({ id }) => id.startsWith('job-'));
  const completed = results.filter(({ status }) => status === 'completed').length;
  if (completed !== sent.length)
    throw new Error(`${completed} results of ${sent.length} jobs are completed ones`);
  const seconds = (to - from) / 1_000;
  const inWindow = (at: number) => at >= from && at < to;
  const sentIn = sent.filter(({ sentAt }) => inWindow(sentAt));
  const endedIn = results.filter(({ at }) => inWindow(at));
  const cpuMs: Record<PartName, Pick<PartUsage, 'cpuMs'>> = {
    ...usage,
    load: { cpuMs: (load.user + load.system) / 1_000 },
  };
  const point: SteadyPoint = {
    ...{ case: measured.name, round, seconds, worstLateMs },
    jobsPerSecond: (sentIn.length + endedIn.length) / 2 / seconds,
    cpuMsPerSecond: Object.fromEntries(
      partNames.map((part) => [part, cpuMs[part].cpuMs / seconds]),
    ) as SteadyPoint['cpuMsPerSecond'],
    megabytes: Object.fromEntries(
      Object.entries(usage).map(([part, { peakMegabytes }]) => [part, peakMegabytes]),
    ) as SteadyPoint['megabytes'],
  };
  if (sent.length === 0) return point;
  const jobs = sent.length;
  const cost = await engineCost(bench.client, { taskQueue, since, jobs });
  const ids = new Set(sentIn.map(({ id }) => id));
  const ownResults = results.filter(({ id }) => ids.has(id));
  return {
    ...point,
    temporal: perJob(cost, jobs),
    waves: await countWaves(bench.client, { taskQueue, since }),
    toCallMs: waits(toCalls(sentIn, simulator.calls)),
    lagMs: waits(lagsOf(ownResults, simulator.calls)),
  };
}

/** From sent to the beginning of the first call of each. */
function toCalls(
  sent: readonly { id: string; sentAt: number }[],
  calls: SimulatorControl['calls'],
): Waited[] {
  const begunAt = new Map<string, number>();
  for (const { job, what, at } of calls)
    if (what === 'accepted') begunAt.set(job, Math.min(at, begunAt.get(job) ?? Infinity));
  return sent.map(({ id, sentAt }) => {
    const begun = begunAt.get(id);
    if (begun === undefined) throw new Error(`the simulator knows of no call of job ${id}`);
    return { ms: begun - sentAt, atLeast: false };
  });
}

function waits(all: Waited[]): SteadyWaits {
  const { p50, p95, p99 } = quantilesOf(all);
  return { p50: Math.round(p50.ms), p95: Math.round(p95.ms), p99: Math.round(p99.ms) };
}
