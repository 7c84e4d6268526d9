import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually';
import { readLlmCalls } from '../../../cli/audit/count-llm-calls';
import type { Fault, Scene } from './faults/fault';
import { createRandom } from '../../../stack/llm-simulator/random';
import { judgeFailures, unexplainedCalls, type JobLife } from './judge-jobs';
import { latencyOf, type Latency } from './latency';
import { createLoad } from './load';
import { createQueueHistory } from './queue-history';
import { checkReplay } from './replay-check';
import { brokenPromises } from './broken-promises';
import type { RunReport, Segment } from './report';
import { createResultsWatch, type ResultsWatch } from './results-watch';
import { planOnce, planStrikes, runSchedule, strikeOnce, type Strike } from './schedule';
import { isSettled, openWorkflows } from './settled';
import { createStuckDetector } from './stuck-detector';
import { createWatermarkMonitor, type WatermarkReport } from './watermark-monitor';
import { createWorld, group, topics, type World, type WorldOptions } from './world';

export interface RunOptions extends WorldOptions {
  rate: number;
  twice: boolean;
  faults: readonly Fault[];
  /**
   * `each`: one after the other, each alone and settled before the next. `once`: in their order, side by side where they can be.
   * Or mixed, for so many milliseconds.
   */
  mode: 'each' | 'once' | { mixedForMs: number };
  /** How long the jobs sent may take to be done once nothing strikes any more. Default: 600,000 ms. */
  settleLimitMs?: number;
}

const SETTLE_LIMIT_MS = 600_000;
const STUCK_AFTER_MS = 90_000;
/** Jobs that are on their way already when a fault strikes alone, and that come after it. */
const LEAD_IN_MS = 5_000;
/** For how long jobs are produced while nothing strikes, to see how long they take. */
const CALM_MS = 5_000;

/**
 * Jobs without pause, faults, quiet, and the reckoning.
 *
 * @throws the reason of `signal`: an interrupted run gives no verdict. Everything is stopped by then
 */
export async function run(options: RunOptions): Promise<RunReport> {
  const { seed, say, signal, settleLimitMs = SETTLE_LIMIT_MS } = options;
  if (options.faults.length === 0) throw new Error('There is no fault to strike with.');
  const beganAt = Date.now();
  const world = await createWorld(options);
  const { kafka, client } = world;
  const load = createLoad({ kafka, topic: topics.queue, seed, rate: options.rate, twice: options.twice });
  const missing = (watch: ResultsWatch) => [...load.sent].filter((id) => !watch.byId.has(id));
  const watch = createResultsWatch({
    kafka,
    topic: topics.results,
    // Results of jobs that were never acknowledged are in there too, so their numbers say nothing.
    outstanding: (now) => missing(now).length,
  });
  const { queue, deadLetters: deadLetterTopic } = topics;
  const jobIdsOnce = options.env.JOB_ID_DEDUPE === 'ledger';
  const onViolation = (violation: unknown) => say(`COMMITTED TOO EARLY: ${JSON.stringify(violation)}`);
  const monitored = { kafka, client, queue, group, deadLetterTopic, jobIdsOnce, onViolation };
  const watermark = createWatermarkMonitor(monitored);
  const simulatorUrl = world.stack.addresses.llmBaseUrl;
  const history = createQueueHistory({ kafka, client, topics, groupId: group, jobIdsOnce, simulatorUrl });
  let watermarkReport: Promise<WatermarkReport> | undefined;
  const stuckLines: string[] = [];
  const stuckInCalm: string[] = [];
  let underWay = 0;
  const stuck = createStuckDetector({
    client,
    taskQueue: 'headway',
    quietMs: STUCK_AFTER_MS,
    dumpFolder: join(options.folder, 'stuck'),
    isCalm: () => underWay === 0,
    onStuck: ({ line, inCalm, explained }) => {
      say(line);
      stuckLines.push(line);
      if (inCalm && !explained) stuckInCalm.push(line);
    },
  });
  const segments: Segment[] = [];
  const strikes: Strike[] = [];
  /** Before anything has struck. */
  let latencyAtFirst: Latency | undefined;
  const progress = setInterval(() => {
    const { sent, poison } = load;
    say(`${sent.size + poison} sent, ${watch.byId.size} results, ${missing(watch).length} outstanding`);
  }, 15_000);

  try {
    const work = strikeAndReckon();
    // What an interrupted run still tries, it tries on servers that stop.
    work.catch(() => undefined);
    return await Promise.race([work, interruption(signal)]);
  } finally {
    clearInterval(progress);
    // Of an interrupted run, what only watches may be waiting for servers that are away: it ends with the process.
    if (!signal.aborted) await stopWatching();
    await world.stop();
  }

  async function stopWatching(): Promise<void> {
    await load.stop();
    await watch.stop();
    await stuck.stop();
    await (watermarkReport ??= watermark.stop());
  }

  async function strikeAndReckon(): Promise<RunReport> {
    await watch.start();
    watermark.start();
    stuck.start();
    const scene = { world, load, watch, watermark, history };
    // The first jobs find a cold worker.
    await calm();
    latencyAtFirst = await calm();
    if (options.mode === 'each') {
      for (const [index, fault] of options.faults.entries()) {
        const random = createRandom('strike', seed, index);
        segments.push(await segment([fault], () => strike(fault, { ...scene, random })));
      }
    } else {
      const { faults, mode } = options;
      segments.push(
        await segment(faults, async () => {
          const dealt = await runSchedule({
            plan: mode === 'once' ? planOnce(faults) : planStrikes(faults, seed),
            seed,
            milliseconds: mode === 'once' ? Infinity : mode.mixedForMs,
            lanes: 2,
            scene,
            onStrike: (fault, ended) => {
              underWay += ended ? -1 : 1;
              say(ended ? describe(ended) : `${fault.name} begins`);
            },
            signal,
          });
          strikes.push(...dealt);
          say(`${dealt.length} strikes`);
        }),
      );
    }
    await load.stop();
    return await reckon();
  }

  async function strike(fault: Fault, scene: Scene): Promise<void> {
    await world.last(LEAD_IN_MS);
    say(`${fault.name} begins: ${fault.about}`);
    underWay++;
    const ended = await strikeOnce(fault, scene);
    underWay--;
    strikes.push(ended);
    say(describe(ended));
    await world.last(LEAD_IN_MS);
  }

  /** Runs it, pauses the load until every job sent has its result, and counts. */
  async function segment(faults: readonly Fault[], work: () => Promise<void>): Promise<Segment> {
    const from = Date.now();
    const before = new Set(load.producedAt.keys());
    watch.resetStall();
    load.start();
    await work();
    await load.pause();
    let lost = 0;
    let latencyAfter: Latency | undefined;
    try {
      await settled();
      latencyAfter = await calm();
    } catch (error) {
      say(String(error));
      lost = missing(watch).length;
    }
    const own = [...load.producedAt.keys()].filter((id) => !before.has(id));
    const { failed, excused } = judgeFailures(
      own.flatMap((id) => withFailure(id) ?? []),
      strikes,
      options.faults,
    );
    const found: Segment = {
      faults: faults.length === 1 ? faults[0]!.name : `mixed, ${faults.length} kinds`,
      seconds: Math.round((Date.now() - from) / 1_000),
      jobs: own.filter((id) => load.sent.has(id)).length,
      lost,
      doubled: own.filter((id) => (watch.byId.get(id)?.distinct.size ?? 0) > 1).length,
      failed,
      excused,
      longestStallSeconds: Math.round(watch.longestStallMs() / 100) / 10,
      latencyAfter,
    };
    say(JSON.stringify(found));
    return found;
  }

  async function settled(): Promise<void> {
    const what = 'every job has its result, and every workflow is closed';
    await eventually(what, () => isSettled(world, missing(watch)), settleLimitMs);
  }

  /** Jobs that nothing strikes, until they are done. */
  async function calm(): Promise<Latency> {
    const before = new Set(load.producedAt.keys());
    load.start();
    await delay(CALM_MS);
    await load.pause();
    await settled();
    const own = [...load.producedAt.keys()].filter((id) => !before.has(id));
    return latencyOf(own.flatMap((id) => lifeOf(id) ?? []));
  }

  /** Undefined for one that Kafka does not have, for all we know. */
  function lifeOf(id: string): JobLife | undefined {
    const producedAt = load.producedAt.get(id);
    const endedAt = watch.byId.get(id)?.endedAt;
    if (producedAt === undefined || (endedAt === undefined && !load.sent.has(id))) return undefined;
    return { id, producedAt, endedAt: endedAt ?? Date.now() };
  }

  function withFailure(id: string) {
    const life = lifeOf(id);
    const job = watch.byId.get(id);
    const failure = job?.error ?? job?.status;
    const isExpected =
      failure === undefined ||
      failure === 'completed' ||
      (failure === 'HW_LLM_REFUSED' && load.refused.has(id));
    return life && { ...life, failure: isExpected ? undefined : failure };
  }

  async function reckon(): Promise<RunReport> {
    // How they end is counted too.
    await world.stopProcesses();
    const jobs = [...watch.byId.values()];
    const accepted = await acceptedLlmCalls(world);
    const called = [...watch.byId].flatMap(([id, job]) => {
      const life = lifeOf(id);
      return life ? { ...life, repeated: (accepted.get(id) ?? 0) - job.llmCalls } : [];
    });
    const verified = await (watermarkReport ??= watermark.stop());
    const audited = await history.audit();
    const chain = await history.chain();
    const kept = world.everStarted;
    const findings = {
      seed,
      brokers: options.brokers,
      latencyAtFirst,
      segments,
      strikes,
      seconds: Math.round((Date.now() - beganAt) / 1_000),
      jobs: load.sent.size,
      poison: load.poison,
      completed: jobs.filter(({ status }) => status === 'completed').length,
      failed: jobs.filter(({ status }) => status === 'failed').length,
      repeatedRecords: jobs.reduce((sum, job) => sum + job.records - job.distinct.size, 0),
      repeatedLlmCalls: called.reduce((sum, { repeated }) => sum + Math.max(0, repeated), 0),
      unexplainedLlmCalls: unexplainedCalls(called, strikes, options.faults),
      watermark: verified,
      chain,
      replay: await checkReplay(client, 'headway'),
      audit: audited,
      stuck: stuckLines,
      stuckInCalm,
      openWorkflows: await openWorkflows(client),
      unexpectedExits: [...world.serverEnds, ...kept.flatMap((one) => one.unexpectedExits())],
      restarts: kept.reduce((sum, one) => sum + one.restarts(), 0),
    };
    return { ...findings, broken: brokenPromises({ ...findings, missing: missing(watch) }) };
  }
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function describe({ fault, outcome, effect }: Strike): string {
  return `${fault} ${outcome}: ${effect}`;
}

/** What a provider would bill, by job id. */
async function acceptedLlmCalls(world: World): Promise<ReadonlyMap<string, number>> {
  const counts = await readLlmCalls(world.stack.addresses.llmBaseUrl ?? '');
  if (!counts) throw new Error('The LLM simulator does not tell of its calls.');
  return counts;
}
