import { now } from '../../compare/clock';
import type { PlannedRecord } from '../../compare/schedule';
import { followSimulator } from '../../compare/simulator-control';
import { startUsageMeter } from '../../compare/usage';
import { within } from '../../compare/within';
import type { BenchStack } from '../bench-stack';
import { haveResults, onTopics, type OnTopics } from '../on-topics';
import { engineCost, untilClosed } from './engine-cost';
import { partNames, type PartName } from './parts';
import { lagOf, perJob, type Round } from './round';
import { planJobs, type LlmScenario } from './scenarios';
import type { RunningWay, Way } from './way';

export interface RoundOptions {
  way: Way;
  scenario: LlmScenario;
  round: number;
  jobs: number;
  seed: number;
  /** Their records, where the scenario does not say enough; as many as `jobs`, with ids that begin with `job-`. */
  planned?: PlannedRecord[];
  log: (line: string) => void;
  onProgress: (doing: string) => void;
}

const START_MS = 180_000;
const WARM_UP_MS = 120_000;
const ROUND_MS = 300_000;

/**
 * Starts a way afresh, warms it up, and measures it until all results are on their topic and all its workflows are closed.
 *
 * @throws Error when a job does not complete, or something takes too long; nothing of the way runs any more then
 */
export async function measureRound(bench: BenchStack, options: RoundOptions): Promise<Round> {
  const { way, scenario, round, jobs, log } = options;
  const name = `cost-${way.name}-${scenario.name}-${round}-${Date.now()}`;
  return onTopics(bench, { name, slots: jobs, log }, async ({ run, queue, watch, closing }) => {
    options.onProgress('starting');
    const running = await within(START_MS, `the start of ${way.title}`, way.start({ bench, run }));
    closing.push(() => running.stop());
    return await measure(bench, running, { ...options, queue, watch });
  });
}

async function measure(
  bench: BenchStack,
  running: RunningWay,
  options: RoundOptions & Pick<OnTopics, 'queue' | 'watch'>,
): Promise<Round> {
  const { way, scenario, round, jobs, seed, queue, watch, onProgress } = options;
  onProgress('warm-up');
  const warmUp = { name: 'warm-up', fromMs: 0, toMs: 0 };
  await queue.send(planJobs(warmUp, { prefix: 'warm-up', count: way.warmUp, seed }));
  await haveResults(watch, way.warmUp, WARM_UP_MS);
  if (running.taskQueue !== undefined) {
    const all = { taskQueue: running.taskQueue, since: new Date(0) };
    await untilClosed(bench.client, all);
  }

  const simulator = await followSimulator(bench.stack.addresses.llmBaseUrl ?? '');
  try {
    const planned = options.planned ?? planJobs(scenario, { prefix: 'job', count: jobs, seed });
    const since = new Date();
    const meter = startUsageMeter(() => pidsOf(bench, running));
    const loadBefore = process.cpuUsage();
    const beganAt = now();
    onProgress(`${jobs} jobs`);
    await queue.send(planned);
    await haveResults(watch, way.warmUp + jobs, ROUND_MS);
    const { taskQueue } = running;
    if (taskQueue !== undefined) await untilClosed(bench.client, { taskQueue, since });
    const usage = meter.stop();
    const load = process.cpuUsage(loadBefore);
    await simulator.stop();

    onProgress('adding up');
    const results = watch.results.filter(({ id }) => id.startsWith('job-'));
    const completed = results.filter(({ status }) => status === 'completed').length;
    if (completed !== jobs) throw new Error(`${completed} results of ${jobs} jobs are completed ones`);
    const ms = Math.max(...results.map(({ at }) => at)) - beganAt;
    const cpuMs = { ...usage, load: { cpuMs: (load.user + load.system) / 1_000 } };
    const cost = taskQueue && (await engineCost(bench.client, { taskQueue, since, jobs }));
    return {
      ...{ way: way.name, scenario: scenario.name, round, jobs, ms, jobsPerSecond: (jobs / ms) * 1_000 },
      cpuMsPerJob: Object.fromEntries(partNames.map((part) => [part, cpuMs[part].cpuMs / jobs])) as Record<
        PartName,
        number
      >,
      lagMs: lagOf(results, simulator.calls),
      temporal: cost ? perJob(cost, jobs) : undefined,
    };
  } finally {
    // After a failure nobody else would end it.
    await simulator.stop().catch(() => {});
  }
}

/** Every process that works for a way, by part. */
export function pidsOf(
  { stack }: BenchStack,
  running: Pick<RunningWay, 'pids'>,
): Record<Exclude<PartName, 'load'>, number[]> {
  const { kafka, llm, postgres } = stack.servers;
  const those = (pids: (number | undefined)[]) => pids.filter((pid) => pid !== undefined);
  return {
    ...{ engine: [], database: [], bridge: [], worker: [] },
    ...running.pids(),
    broker: those(kafka.map(({ pid }) => pid)),
    enrichment: those([postgres?.pid]),
    simulator: those([llm?.pid]),
  };
}
