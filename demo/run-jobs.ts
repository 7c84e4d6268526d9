import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaMessage } from 'kafkajs';
import { deadLetterHeaders } from '../contracts/headers';
import type { LlmChoice } from './choose-llm';
import type { Cleanup } from './cleanup';
import { isJob, type DemoRecord } from './demo-records';
import { followCommits } from './follow-commits';
import { endOf, followTopics } from './follow-topics';
import { createDemoProducer, recordHeader } from './produce';
import { showProgress } from './progress-line';
import type { DemoPlan } from './read-jobs';
import type { System } from './start-system';
import { createStory } from './story';
import { Tally } from './tally';
import { temporalUi } from './temporal-ui';
import { abortable, until } from './waiting';

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
  const { system, plan, llm, output, signal, fail, cleanup } = options;
  const { kafka, config } = system;
  const { topics } = config;

  const runId = randomUUID();
  const labelled = [...plan.oneByOne, ...plan.atOnce].map((record, n) => [`${runId}:${n}`, record] as const);
  const labels = new Map(labelled.map(([label, record]) => [record, label]));
  const sent = new Map<string, DemoRecord>();
  const jobIds = new Set(labelled.flatMap(([, record]) => (isJob(record) ? [record.jobId] : [])));

  const [queueEnd, resultsEnd, deadLettersEnd] = await abortable(
    Promise.all([
      endOf(kafka, topics.queue, 'QUEUE_TOPIC'),
      endOf(kafka, topics.results, 'RESULTS_TOPIC'),
      endOf(kafka, topics.deadLetters, 'DLQ_TOPIC'),
    ]),
    signal,
  );
  const tally = new Tally(jobIds, queueEnd);
  const story = createStory({
    llm,
    topics,
    ui: temporalUi(system.addresses.temporalUiUrl, config.temporal.namespace),
  });

  const onResult = ({ key, value }: KafkaMessage) => {
    if (key === null || value === null) return;
    const result = tally.takeResult(key.toString(), value);
    if (result) say(story.onResult(result));
  };
  const onDeadLetter = ({ headers }: KafkaMessage) => {
    const record = sent.get(String(headers?.[recordHeader]));
    if (record === undefined) return;
    tally.takeDeadLetter(String(headers?.[recordHeader]));
    say(story.onDeadLetter(record, String(headers?.[deadLetterHeaders.class])));
  };
  const stopFollowing = await abortable(
    followTopics({
      kafka,
      from: new Map([
        [topics.results, resultsEnd],
        [topics.deadLetters, deadLettersEnd],
      ]),
      onRecord: (topic, message) => (topic === topics.results ? onResult(message) : onDeadLetter(message)),
      onEnd: fail,
    }),
    signal,
  );
  cleanup.add(stopFollowing, 2_000);
  const { groupId } = config.bridge;
  const commits = await abortable(
    followCommits(kafka, { groupId, topic: topics.queue, from: queueEnd }),
    signal,
  );
  cleanup.add(() => commits.stop(), 2_000);
  const producer = await abortable(createDemoProducer(kafka, topics.queue), signal);
  cleanup.add(() => producer.close(), 2_000);

  const startedAt = new Date();
  const begin = performance.now();
  const sinceBegin = () => performance.now() - begin;
  const line = showProgress(output, () => {
    // The watch on the commits is a little behind the results.
    const handedOver = Math.max(commits.count(), tally.finished);
    return {
      label: llm.label,
      queued: Math.max(0, sent.size - handedOver),
      inFlight: Math.min(handedOver, sent.size) - tally.finished,
      completed: tally.completed,
      failed: tally.failed,
      total: jobIds.size,
      elapsedMs: sinceBegin(),
    };
  });
  cleanup.add(async () => line.close());
  const say = (text: string | undefined) => void (text !== undefined && line.say(text));

  const send = async (records: readonly DemoRecord[]) => {
    const label = (record: DemoRecord) => labels.get(record)!;
    for (const record of records) sent.set(label(record), record);
    await abortable(producer.send(records, label), signal);
  };
  const allFinished = () => tally.finished >= sent.size;

  say(story.quiet(plan.oneByOne.length));
  for (const record of plan.oneByOne) {
    await send([record]);
    await delay(pauseMs, undefined, { signal });
  }
  if (plan.atOnce.length > 0) {
    await until(allFinished, signal, quietAtMostMs);
    say(story.rush(plan.atOnce));
    const rushAt = performance.now();
    await send(plan.atOnce);
    await until(() => commits.count() >= sent.size || allFinished(), signal, patienceMs);
    say(story.handedOver(plan.atOnce.length, performance.now() - rushAt));
    await untilFewAreLeft();
    const left = [...jobIds].filter((id) => !tally.results.has(id));
    say(story.stragglers(left, jobIds.size, performance.now() - rushAt));
  }
  await untilNothingMoves(allFinished);
  const elapsedMs = (tally.lastResultAt || performance.now()) - begin;
  await until(() => false, signal, lookForDuplicatesMs);
  line.close();
  return { sent, tally, startedAt, elapsedMs };

  /** Only slow ones are left: at most one in twenty, and for a moment none of them has ended. */
  async function untilFewAreLeft(): Promise<void> {
    const few = Math.max(1, Math.ceil(jobIds.size / 20));
    const areLeft = () =>
      jobIds.size - tally.results.size <= few && performance.now() - tally.lastResultAt > 1_500;
    await untilNothingMoves(() => allFinished() || areLeft());
  }

  async function untilNothingMoves(done: () => boolean): Promise<void> {
    let finished = tally.finished;
    while (!(await until(() => done() || tally.finished > finished, signal, patienceMs)) || !done()) {
      if (tally.finished === finished) return;
      finished = tally.finished;
    }
  }
}
