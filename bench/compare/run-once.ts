import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, ContenderServers, RunContext } from '../contenders/contender';
import { account } from './account';
import { now } from './clock';
import { startCrew } from './crew';
import { eachJob } from './each-job';
import { callsInFlight, sampled } from './in-flight';
import { rememberProcesses } from './leftovers';
import { openQueueProducer } from './queue-producer';
import type { Figures, Run, RunOptions, World } from './run';
import { contextOf } from './run-context';
import { createTopics, deleteTopics } from './run-topics';
import { RESTART_SECONDS } from './scenarios';
import { idInValue, planSchedule, type Schedule } from './schedule';
import { sendLoad, valuesOf } from './send-load';
import { settle } from './settle';
import { followSimulator } from './simulator-control';
import { strike } from './strike';
import { startUsageMeter } from './usage';
import { watchTopics } from './watch-topics';
import { isWarmUp, warmUp } from './warm-up';
import { within } from './within';

const SERVERS_MS = 240_000;
const STOP_MS = 60_000;
const WARM_UP_MS = 60_000;
const TIMELINE_MS = 250;

/** A contender in a scenario. Never throws and never hangs: what went wrong is in `problems`, and nothing it has started runs any more. */
export async function runOnce(world: World, contender: Contender, options: RunOptions): Promise<Run> {
  const { scenario, repetition } = options;
  const run: Run = { contender: contender.name, scenario: scenario.name, repetition, problems: [] };
  const name = `bench-${contender.name}-${scenario.name}-${repetition}-${Date.now()}`;
  const leftovers = rememberProcesses();
  const over = new AbortController();
  const dataDir = join(world.dataDir, name);
  const topics = { queue: `${name}-queue`, results: `${name}-results`, dlq: `${name}-dlq` };
  const closing: [what: string, close: () => Promise<unknown>][] = [];
  try {
    await mkdir(dataDir, { recursive: true });
    run.figures = await measure(world, contender, options, {
      ...{ name, dataDir, topics, closing, problems: run.problems, signal: over.signal },
    });
  } catch (error) {
    run.problems.push((error as Error).message);
  }
  over.abort(new Error('The run is over.'));
  for (const [what, close] of closing.reverse()) {
    await within(STOP_MS, what, close()).catch((error: unknown) =>
      run.problems.push((error as Error).message),
    );
  }
  const ended = await leftovers.end();
  for (const command of ended) run.problems.push(`this still ran after the run, and was ended: ${command}`);
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  return run;
}

interface Place {
  name: string;
  dataDir: string;
  topics: RunContext['topics'];
  closing: [what: string, close: () => Promise<unknown>][];
  problems: string[];
  signal: AbortSignal;
}

async function measure(
  world: World,
  contender: Contender,
  options: RunOptions,
  place: Place,
): Promise<Figures> {
  const { scenario, timeScale, consumers } = options;
  const { closing, topics, problems, signal } = place;
  const progress = options.onProgress ?? (() => {});
  const partitions = contender.partitions ?? 12;
  const slotsEach = contender.jobsAtATime ?? options.slots;
  const schedule = planSchedule(scenario, { ...options, slots: options.slots * consumers });

  progress('topics');
  await createTopics(world.kafka, topics, partitions);
  closing.push(['the deletion of topics', () => deleteTopics(world.kafka, topics)]);
  const queue = await openQueueProducer(world.kafka, topics.queue, partitions);
  closing.push(['the end of the producer', () => queue.close()]);
  const group = `${place.name}-group`;
  const context = contextOf(world, options, {
    ...{ name: place.name, dataDir: place.dataDir, topics, group, partitions, signal, slots: slotsEach },
    uncommitted: (ids: string[]) => queue.uncommitted(group, ids),
  });
  const watch = await watchTopics(world.kafka, topics);
  closing.push(['the end of the topics watch', () => watch.stop()]);
  const simulator = await followSimulator(world.llmUrl);
  closing.push(['the end of an outage', () => simulator.setAway(false)]);

  progress('servers');
  const servers = await within(SERVERS_MS, 'the start of its servers', contender.startServers(context));
  closing.push(['the stop of its servers', () => servers.stop()]);
  progress('consumers');
  const crew = await startCrew(contender, context, servers, RESTART_SECONDS * 1_000 * timeScale);
  closing.push(['the stop of its consumers', () => crew.stop()]);
  const producer = await contender.openProducer?.(context, servers);
  if (producer) closing.push(['the end of its producer', () => producer.close()]);

  progress('warm-up');
  const send = producer ? (records: Schedule['records']) => producer.send(valuesOf(records)) : queue.send;
  await warmUp(send, watch.ended, WARM_UP_MS);

  const meter = startUsageMeter(() => ({
    consumers: crew.pids(),
    servers: Object.values(servers.pids),
    broker: [world.brokerPid],
    simulator: [world.simulatorPid],
  }));
  const cpuBefore = process.cpuUsage();
  const beganAt = now();
  progress(`jobs for ${Math.round(schedule.loadMs / 1_000)} s`);
  const [load, struck] = await Promise.all([
    sendLoad(schedule.records, beganAt, send, signal),
    strike(schedule.faults, { beganAt, loadMs: schedule.loadMs, crew, simulator, signal }),
  ]);

  const own = deadLetterReader(contender, context, servers);
  const held = async (ids: string[]): Promise<number> => {
    if (ids.length === 0) return 0;
    const asked = contender.held
      ? contender.held(context, servers, ids)
      : context.uncommitted(ids).then((found) => found.length);
    return within(30_000, 'what it still holds', asked);
  };
  const settledBy = await settle({
    expected: load.sent.map(({ id }) => id),
    ended: watch.ended,
    callsInFlight: simulator.inFlight,
    lastAt: () => Math.max(simulator.lastAt(), watch.lastAt()),
    // Dead letters that are not on our topic would look as if they were missing.
    async held(ids) {
      for (const id of await own()) watch.ended.add(id);
      return held(ids.filter((id) => !watch.ended.has(id)));
    },
    limits: options.limits,
    onProgress: (missing) => progress(`${missing} of ${load.sent.length} without an end`),
  });
  const endedAt = now();
  const usage = meter.stop();
  const harness = process.cpuUsage(cpuBefore);
  // Nobody works any more from here on: what is asked one after the other is the same moment.
  await within(STOP_MS, 'the stop of its consumers', crew.stop()).catch((error: unknown) =>
    problems.push((error as Error).message),
  );
  await watch.quiet();
  await simulator.stop();
  const calls = simulator.calls.filter(({ job }) => !isWarmUp(job));
  const results = watch.results.filter(({ id }) => !isWarmUp(id));
  const deadLetters = [...watch.deadLetters, ...(await own())];
  const dead = new Set(deadLetters);
  const withResult = new Set(results.map(({ id }) => id));
  const missing = load.sent.filter(({ id, poison }) => !poison && !dead.has(id) && !withResult.has(id));
  problems.push(...crew.problems);

  const evidence = {
    ...{ sent: load.sent, calls, results, deadLetters, endedAt },
    held: await held(missing.map(({ id }) => id)),
    slots: contender.slotsOfServer
      ? [{ at: beganAt, count: slotsEach * consumers }]
      : crew.consuming.map(({ at, count }) => ({ at, count: slotsEach * count })),
    faultsAt: struck.filter(({ kind }) => kind === 'kill' || kind === 'llm-back').map(({ at }) => at),
  };
  const { sent: _sent, ...sending } = load;
  return {
    ...account(evidence),
    ...(contender.withoutSlots === undefined ? {} : { slotUse: undefined }),
    ...sending,
    offeredPerSecond: schedule.offeredPerSecond,
    settledBy,
    watchedMs: Math.round(endedAt - beganAt),
    usage,
    harnessCpuMs: Math.round((harness.user + harness.system) / 1_000),
    struck: struck.map(({ kind, at }) => ({ kind, at: Math.round(at - beganAt) })),
    timeline: {
      everyMs: TIMELINE_MS,
      inFlight: sampled(callsInFlight(calls), beganAt, endedAt, TIMELINE_MS),
    },
    each: eachJob(evidence),
  };
}

function deadLetterReader(contender: Contender, context: RunContext, servers: ContenderServers) {
  return async (): Promise<string[]> => {
    const values = (await contender.deadLetters?.(context, servers)) ?? [];
    return values.flatMap((value) => idInValue(value) ?? []);
  };
}
