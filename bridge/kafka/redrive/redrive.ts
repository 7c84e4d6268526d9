import type { Kafka } from 'kafkajs';
import { withOffsets } from '../../../runtime/kafka/offsets';
import { readRanges, type ReadMessage } from '../../../runtime/kafka/read-ranges';
import { pipelineOf, readDeadLetter, type DeadLetterRecord } from './dead-letter';
import type { LetterFilter } from './filter';
import { Markers } from './markers';
import { planMove, type Kept, type Move, type PlanOptions } from './plan';
import { openSender, type Sender } from './sender';
import { prepareTopics, type PreparedTopics, type RedriveTopics } from './topics';

export interface RedriveOptions {
  kafka: Kafka;
  topics: RedriveTopics;
  filter: LetterFilter;
  /** A letter that was sent back so often is parked. */
  maxRedrives: number;
  /** At most so many letters. */
  limit?: number;
  /** Letters that were sent before this time, in milliseconds since 1970, are sent once more. Infinity: all. Default: none. */
  againBefore?: number;
  /** Looks and counts; writes nothing. */
  dryRun?: boolean;
  /** How many letters to name. */
  examples?: number;
  onProgress?: (done: number, total: number) => void;
  /** Stops between two transactions. */
  signal?: AbortSignal;
}

export interface RedriveReport {
  dryRun: boolean;
  /** Ended before all letters were looked at. */
  interrupted: boolean;
  /** Letters in the topic that were looked at. */
  letters: number;
  /** Of these, those the filters ask for. */
  selected: number;
  /** What the filters ask for went (or would go) here. */
  sent: { queue: number; parking: number };
  /** Asked for, but left where they are. */
  kept: Record<Kept, number>;
  /** Those sent, by error code and pipeline, the most frequent first. */
  groups: { code: string; pipeline?: string; letters: number }[];
  examples: { partition: number; offset: number; code: string; reason: string; to: Move['to'] }[];
}

/** Of one transaction. Small enough to be over in a moment, since readers of the queue wait for its end. */
const TRANSACTION_MAX_LETTERS = 100;
const TRANSACTION_MAX_BYTES = 512 * 1024;

/**
 * Sends dead letters back to the queue, as the records they were. Each goes there once, unless told otherwise, however often and with whatever
 * filters this is run, interrupted or killed: letters and the markers that say that they were sent are written in one transaction,
 * and markers are read after every earlier run has been shut out. Readers of the queue must read committed records only,
 * which kafkajs does by default.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` for a missing topic, `HW_REDRIVE_TAKEN_OVER` when another redrive begins
 * @throws what kept Kafka from answering. Run again, this goes on where it was; where letters were to be sent again, with the time of its begin as
 * `againBefore`
 */
export async function redrive(options: RedriveOptions): Promise<RedriveReport> {
  const { kafka, againBefore = -Infinity, dryRun = false, signal } = options;
  const topics = await prepareTopics(kafka, options.topics, { create: !dryRun });
  const sender = dryRun ? undefined : await openSender(kafka, topics);
  try {
    const sent = topics.markersExist
      ? await readMarkers(kafka, topics.markers, againBefore, signal)
      : new Markers();
    return await redriveLetters(options, { topics, sender, sent });
  } finally {
    await sender?.close().catch(() => undefined);
  }
}

interface Prepared {
  topics: PreparedTopics;
  sender?: Sender;
  sent: Markers;
}

async function redriveLetters(options: RedriveOptions, prepared: Prepared): Promise<RedriveReport> {
  const { kafka, filter, maxRedrives, limit = Infinity, signal, dryRun = false } = options;
  const { topics, sender, sent } = prepared;
  const { queuePartitions, maxBytes } = topics;
  const plan: PlanOptions = { topics, queuePartitions, maxBytes, maxRedrives, sent };
  const tally = createTally(dryRun, options.examples ?? 0);
  const waiting: { letter: DeadLetterRecord; move: Move }[] = [];
  const enough = new AbortController();
  let taken = 0;

  const onRecord = (partition: number, message: ReadMessage) => {
    if (taken >= limit) return;
    const letter = readDeadLetter(partition, message);
    tally.report.letters += 1;
    if (!filter(letter)) return;
    tally.report.selected += 1;
    const move = planMove(letter, plan);
    if (typeof move === 'string') {
      tally.report.kept[move] += 1;
      return;
    }
    waiting.push({ letter, move });
    taken += 1;
  };
  const send = async () => {
    while (waiting.length > 0 && !signal?.aborted) {
      const part = waiting.splice(0, transactionSize(waiting, topics));
      await sender?.send(part.map(({ move }) => move));
      for (const { letter, move } of part) tally.count(letter, move);
    }
    if (taken >= limit) enough.abort();
  };

  const ranges = await withOffsets(kafka, (offsets) => offsets.ranges(topics.deadLetters));
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let sending = Promise.resolve();
  try {
    await readRanges({
      kafka,
      topic: topics.deadLetters,
      ranges,
      onRecord,
      afterRecords: () => (sending = send()),
      onProgress: (done) => options.onProgress?.(done, total),
      signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
    });
  } catch (error) {
    // What is under way is finished, so that the report tells all that was sent.
    await sending;
    if (!enough.signal.aborted && !signal?.aborted) throw error;
  }
  return { ...tally.report, groups: tally.groups(), interrupted: signal?.aborted ?? false };
}

/** How many of these make up the next transaction: kafkajs puts what goes to a partition into one batch, which has to fit its topic. */
function transactionSize(waiting: { move: Move }[], { maxBytes }: PreparedTopics): number {
  const most = Math.min(TRANSACTION_MAX_BYTES, maxBytes.queue, maxBytes.parking);
  let bytes = 0;
  const end = waiting.findIndex(
    ({ move }, index) => (bytes += move.bytes) > most || index === TRANSACTION_MAX_LETTERS,
  );
  return end === -1 ? waiting.length : Math.max(1, end);
}

async function readMarkers(
  kafka: Kafka,
  topic: string,
  since: number,
  signal?: AbortSignal,
): Promise<Markers> {
  const markers = new Markers();
  const ranges = await withOffsets(kafka, (offsets) => offsets.ranges(topic));
  const onRecord = (_: number, note: ReadMessage) => markers.read(note, since);
  await readRanges({ kafka, topic, ranges, onRecord, signal });
  return markers;
}

function createTally(dryRun: boolean, examples: number) {
  const groups = new Map<string, RedriveReport['groups'][number]>();
  const report: RedriveReport = {
    dryRun,
    interrupted: false,
    letters: 0,
    selected: 0,
    sent: { queue: 0, parking: 0 },
    kept: { alreadySent: 0, otherTopic: 0, withoutValue: 0, tooLarge: 0 },
    groups: [],
    examples: [],
  };
  return {
    report,
    groups: () =>
      [...groups.values()].sort(
        (a, b) =>
          b.letters - a.letters ||
          a.code.localeCompare(b.code) ||
          (a.pipeline ?? '').localeCompare(b.pipeline ?? ''),
      ),
    count(letter: DeadLetterRecord, { to }: Move) {
      const { partition, offset, code, reason } = letter;
      report.sent[to] += 1;
      const pipeline = pipelineOf(letter);
      const key = JSON.stringify([code, pipeline]);
      const group = groups.get(key) ?? { code, pipeline, letters: 0 };
      group.letters += 1;
      groups.set(key, group);
      if (report.examples.length < examples) report.examples.push({ partition, offset, code, reason, to });
    },
  };
}
