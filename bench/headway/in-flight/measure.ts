import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../compare/clock';
import { quantilesOf } from '../../compare/quantiles';
import { followSimulator, type SimulatorControl } from '../../compare/simulator-control';
import { startUsageMeter } from '../../compare/usage';
import type { BenchStack } from '../bench-stack';
import { untilClosed } from '../cost/engine-cost';
import { lagsOf } from '../cost/round';
import { planJobs } from '../cost/scenarios';
import { haveResults, onTopics, type OnTopics } from '../on-topics';
import { startHeadway, type RunningHeadway } from '../start-headway';
import { until } from '../until';
import { mostAtOnce } from './at-once';
import { takeLoopDelay } from './loop-delay';
import { compareMemory, readMemory, type MemorySample } from './memory';
import { memoryParts, type MemoryPart, type Point } from './point';

export interface PointOptions {
  jobs: number;
  llmMs: Point['llmMs'];
  seed: number;
  log: (line: string) => void;
  onProgress: (doing: string) => void;
}

const WARM_UP_JOBS = 600;
const WARM_UP_MS = 120_000;
const START_MS = 600_000;
const END_MS = 600_000;
const SAMPLE_MS = 1_000;

/**
 * Has that many jobs wait for the LLM at once, in one worker, with packs of 50.
 *
 * @throws Error when a job does not complete, or something takes too long
 */
export async function measurePoint(bench: BenchStack, options: PointOptions): Promise<Point> {
  const { jobs, log, onProgress } = options;
  const name = `in-flight-${jobs}-${Date.now()}`;
  return onTopics(bench, { name, slots: jobs, log }, async (topics) => {
    onProgress('starting');
    const headway = await startHeadway(bench, topics.run, { packMax: 50 });
    topics.closing.push(() => headway.stop());
    onProgress('warm-up');
    const warmUp = { name: 'warm-up', fromMs: 0, toMs: 0 };
    const { seed } = options;
    await topics.queue.send(planJobs(warmUp, { prefix: 'warm-up', count: WARM_UP_JOBS, seed }));
    await haveResults(topics.watch, WARM_UP_JOBS, WARM_UP_MS);
    await untilClosed(bench.client, { taskQueue: headway.taskQueue, since: new Date(0) });
    const simulator = await followSimulator(bench.stack.addresses.llmBaseUrl ?? '');
    try {
      return await measure(bench, options, { headway, simulator, ...topics });
    } finally {
      // After a failure nobody else would end it.
      await simulator.stop().catch(() => {});
    }
  });
}

async function measure(
  bench: BenchStack,
  { jobs, llmMs, seed, onProgress }: PointOptions,
  round: OnTopics & { headway: RunningHeadway; simulator: SimulatorControl },
): Promise<Point> {
  const { headway, simulator, queue, watch } = round;
  const [worker] = headway.workers;
  const statusAddress = worker?.statusAddress ?? '';
  const pids = (): Record<MemoryPart, number[]> => ({
    ...{ engine: bench.temporalPids(), database: bench.databasePids() },
    ...{ bridge: [headway.bridge.pid], worker: headway.workers.map(({ pid }) => pid) },
  });
  const scenario = { name: 'in-flight', fromMs: llmMs.from, toMs: llmMs.to };
  const planned = planJobs(scenario, { prefix: 'job', count: jobs, seed });
  const counted = (what: string) => simulator.calls.filter((call) => call.what === what).length;

  const before = readMemory(pids());
  const samples = startSamples(() => ({ inFlight: simulator.inFlight(), megabytes: readMemory(pids()) }));
  try {
    const since = new Date();
    const meter = startUsageMeter(pids);
    await takeLoopDelay(statusAddress);
    const beganAt = now();
    await queue.send(planned);
    onProgress(`${jobs} calls are being made`);
    const look = { within: START_MS, every: 200 };
    await until('all calls have begun', look, () => counted('accepted') >= jobs || anEnd());
    const allAtOnce = !anEnd();
    const starting = await takeLoopDelay(statusAddress);
    onProgress(`${jobs} calls are awaited`);
    await until('the first call has ended', { ...look, within: llmMs.to + START_MS }, anEnd);
    const waiting = allAtOnce ? await takeLoopDelay(statusAddress) : undefined;
    onProgress('results');
    await haveResults(watch, WARM_UP_JOBS + jobs, llmMs.to + END_MS);
    const ending = await takeLoopDelay(statusAddress);
    await untilClosed(bench.client, { taskQueue: headway.taskQueue, since });
    const usage = meter.stop();
    await simulator.stop();

    const results = watch.results.filter(({ id }) => id.startsWith('job-'));
    const completed = results.filter(({ status }) => status === 'completed').length;
    if (completed !== jobs) throw new Error(`${completed} results of ${jobs} jobs are completed ones`);
    const begun = simulator.calls.flatMap(({ what, at }) => (what === 'accepted' ? [at] : []));
    const { p50, p95, p99 } = quantilesOf(lagsOf(results, simulator.calls));
    return {
      ...{ jobs, llmMs, atOnce: mostAtOnce(simulator.calls) },
      startMs: Math.round(begun.reduce((last, at) => Math.max(last, at), 0) - beganAt),
      megabytes: compareMemory(before, samples.stop()),
      loopDelayMs: { starting, ...(waiting && { waiting }), ending },
      lagMs: { p50: Math.round(p50.ms), p95: Math.round(p95.ms), p99: Math.round(p99.ms) },
      cpuMsPerJob: Object.fromEntries(memoryParts.map((part) => [part, usage[part].cpuMs / jobs])),
    };
  } finally {
    samples.stop();
  }

  function anEnd(): boolean {
    return simulator.calls.some(({ what }) => what !== 'accepted');
  }
}

/** Samples once a second, until it is stopped. */
function startSamples(read: () => MemorySample): { stop: () => MemorySample[] } {
  const samples: MemorySample[] = [];
  const over = new AbortController();
  void (async () => {
    while (!over.signal.aborted) {
      samples.push(read());
      await delay(SAMPLE_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return {
    stop() {
      over.abort();
      return samples;
    },
  };
}
