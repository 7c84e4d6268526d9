import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LlmChoice } from './choose-llm';
import type { Cleanup } from './cleanup';
import { isJob, type DemoRecord } from './demo-records';
import { createDemoProducer } from './produce';
import { showProgress } from './progress-line';
import type { DemoPlan } from './read-jobs';
import type { System } from './start-system';
import { createStory } from './story';
import type { Tally } from './tally';
import { temporalUi } from './temporal-ui';
import { abortable, until } from './waiting';
import { watchJobs } from './watch-jobs';

export interface RunOptions {
  system: System;
  plan: DemoPlan;
  llm: LlmChoice;
  output: NodeJS.WriteStream;
  signal: AbortSignal;
  fail: (error: Error) => void;
  cleanup: Cleanup;
}

export interface RunReport {
  /** By label. */
  sent: ReadonlyMap<string, DemoRecord>;
  tally: Tally;
  startedAt: Date;
  /** From the first job that was sent to the last result. */
  elapsedMs: number;
}

const pauseMs = 1_500;
const quietAtMostMs = 15_000;
/** A second result of a job would come about with its first. */
const lookForDuplicatesMs = 1_500;
/** Without any news for so long, what is missing is lost. A call of the example pipeline may take 3 minutes. */
const patienceMs = 240_000;

/** Sends the jobs, shows what becomes of them, and resolves when all have ended, or nothing ends any more. */
export async function runJobs(options: RunOptions): Promise<RunReport> {
  const { system, plan, llm, output, signal, cleanup } = options;
  const { topics, temporal } = system.config;
  const runId = randomUUID();
  const labels = new Map([...plan.oneByOne, ...plan.atOnce].map((record, n) => [record, `${runId}:${n}`]));
  const records = new Map([...labels].map(([record, label]) => [label, record]));
  const jobIds = [...labels.keys()].filter(isJob).map(({ jobId }) => jobId);
  const sent = new Map<string, DemoRecord>();

  const story = createStory({
    llm,
    topics,
    ui: temporalUi(system.addresses.temporalUiUrl, temporal.namespace),
  });
  const { tally, handedOver } = await watchJobs({
    ...options,
    records,
    onResult: (result) => say(story.onResult(result)),
    onDeadLetter: (record, code) => say(story.onDeadLetter(record, code)),
  });
  const producer = await abortable(createDemoProducer(system.kafka, topics.queue), signal);
  cleanup.add(() => producer.close(), 2_000);

  const startedAt = new Date();
  const begunAt = performance.now();
  const line = showProgress(output, () => {
    // What is known of the commits is a little older than what is known of the results.
    const taken = Math.min(sent.size, Math.max(handedOver(), tally.finished));
    return {
      label: llm.label,
      queued: sent.size - taken,
      inFlight: taken - tally.finished,
      completed: tally.completed,
      failed: tally.failed,
      total: jobIds.length,
      elapsedMs: performance.now() - begunAt,
    };
  });
  cleanup.add(async () => line.close());

  await quietTime();
  if (plan.atOnce.length > 0) await rushHour();
  await untilAllOr(() => false);
  const elapsedMs = (tally.lastResultAt || performance.now()) - begunAt;
  await until(() => false, signal, lookForDuplicatesMs);
  line.close();
  return { sent, tally, startedAt, elapsedMs };

  async function quietTime(): Promise<void> {
    say(story.quiet(plan.oneByOne.length));
    for (const record of plan.oneByOne) {
      await send([record]);
      await delay(pauseMs, undefined, { signal });
    }
  }

  async function rushHour(): Promise<void> {
    await until(allFinished, signal, quietAtMostMs);
    say(story.rush(plan.atOnce));
    const rushAt = performance.now();
    const sinceRush = () => performance.now() - rushAt;
    await send(plan.atOnce);
    await untilAllOr(() => handedOver() >= sent.size);
    if (handedOver() >= sent.size) say(story.handedOver(plan.atOnce.length, sinceRush()));
    await untilAllOr(onlySlowOnesAreLeft);
    const left = jobIds.filter((id) => !tally.results.has(id));
    if (left.length > 0 && onlySlowOnesAreLeft()) say(story.stragglers(left, jobIds.length, sinceRush()));
  }

  async function send(batch: readonly DemoRecord[]): Promise<void> {
    const labelled = batch.map((record) => ({ record, label: labels.get(record) ?? '' }));
    for (const { record, label } of labelled) sent.set(label, record);
    await abortable(producer.send(labelled), signal);
  }

  /** At most one in twenty, and for a moment none of them has ended. */
  function onlySlowOnesAreLeft(): boolean {
    const few = Math.max(1, Math.ceil(jobIds.length / 20));
    return jobIds.length - tally.results.size <= few && performance.now() - tally.lastResultAt > 1_500;
  }

  function allFinished(): boolean {
    return tally.finished >= sent.size;
  }

  /** Resolves when all that was sent has ended, or the condition holds, or there is no news any more. */
  async function untilAllOr(condition: () => boolean): Promise<void> {
    const done = () => allFinished() || condition();
    for (let seen = -1; !done() && seen !== tally.finished;) {
      seen = tally.finished;
      await until(() => done() || tally.finished !== seen, signal, patienceMs);
    }
  }

  function say(text: string | undefined): void {
    if (text !== undefined) line.say(text);
  }
}
