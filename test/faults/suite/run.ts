import { join } from 'node:path';
import { readLlmCalls } from '../../../cli/audit/count-llm-calls';
import type { Fault, Scene } from './faults/fault';
import { createRandom } from '../../../stack/llm-simulator/random';
import { unexplainedCalls } from './judge-jobs';
import { latencyOf, type Latency } from './latency';
import { createLoad } from './load';
import { createQueueHistory } from './queue-history';
import { checkReplay } from './replay-check';
import { brokenPromises } from './broken-promises';
import type { RunReport, Segment } from './report';
import { createResultsWatch, type ResultsWatch } from './results-watch';
import { planOnce, planStrikes, runSchedule, strikeOnce, type Strike } from './schedule';
import { openWorkflows } from './settled';
import { createStretches } from './stretches';
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

/**
 * Jobs without pause, faults, quiet, and the reckoning.
 *
 * @throws the reason of `signal`: an interrupted run gives no verdict. Processes and servers are stopped by then; what only watches them ends
 * with this process
 */
export async function run(options: RunOptions): Promise<RunReport> {
  const { seed, say, signal, faults, mode, folder, settleLimitMs = SETTLE_LIMIT_MS } = options;
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
    dumpFolder: join(folder, 'stuck'),
    isCalm: () => underWay === 0,
    onStuck: ({ line, inCalm, explained }) => {
      say(line);
      stuckLines.push(line);
      if (inCalm && !explained) stuckInCalm.push(line);
    },
  });
  const segments: Segment[] = [];
  const strikes: Strike[] = [];
  const stretches = createStretches({ world, load, watch, strikes, faults, settleLimitMs, say });
  const progress = setInterval(() => {
    const { sent, poison } = load;
    say(`${sent.size + poison} sent, ${watch.byId.size} results, ${missing(watch).length} outstanding`);
  }, 15_000);

  try {
    const work = strikeAndReckon();
    // What an interrupted run still tries, it tries on servers that stop.
    work.catch(() => undefined);
    return await Promise.race([work, reasonOf(signal)]);
  } finally {
    clearInterval(progress);
    // Of an interrupted run it may wait for servers that are away.
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
    await stretches.calm();
    const latencyAtFirst = latencyOf(await stretches.calm());
    if (mode === 'each') {
      for (const [index, fault] of faults.entries()) {
        signal.throwIfAborted();
        const random = createRandom('strike', seed, index);
        segments.push(await stretches.struck([fault], () => strike(fault, { ...scene, random })));
      }
    } else {
      segments.push(
        await stretches.struck(faults, async () => {
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
    return await reckon(latencyAtFirst);
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

  async function reckon(latencyAtFirst: Latency): Promise<RunReport> {
    // How they end is counted too.
    await world.stopProcesses();
    const jobs = [...watch.byId.values()];
    const accepted = await acceptedLlmCalls(world);
    const called = [...watch.byId].flatMap(([id, job]) => {
      const life = stretches.lifeOf(id);
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
      jobsCalledAgain: called
        .filter(({ repeated }) => repeated > 0)
        .sort((a, b) => a.producedAt - b.producedAt),
      unexplainedLlmCalls: unexplainedCalls(called, strikes, faults),
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

/** Rejects with it. */
function reasonOf(signal: AbortSignal): Promise<never> {
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
