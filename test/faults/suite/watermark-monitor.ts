import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Admin, Kafka } from 'kafkajs';
import { messageOf } from '../../../contracts/errors';
import { packWorkflowId } from '../../../contracts/ids';
import { createLimit } from '../../../runtime/limit';
import { eventually } from '../../support/eventually';
import { COMMITS_TOPIC, readCommit } from './commit-log';
import { placeOf } from './dead-letter-place';
import { followTopics } from './follow-topics';
import { jobIdOf } from './job-id-of';
import { createPackReader, type ListedPack } from './pack-reader';
import { WatermarkChecks, type PendingRecord, type Violation } from './watermark-checks';

export type { Violation };

export interface WatermarkMonitorOptions {
  /** Both past any proxy: what the monitor cannot reach, it cannot check. */
  kafka: Kafka;
  client: Client;
  queue: string;
  group: string;
  /** With `message.timestamp.type=LogAppendTime`: its times are compared with those of commits. */
  deadLetterTopic: string;
  /** Default: 500 ms. */
  intervalMs?: number;
  /** For how long, with Kafka and Temporal there, a proof may be missing. Visibility lags. Default: 30,000 ms. */
  patienceMs?: number;
  /** With `JOB_ID_DEDUPE=ledger`: a record is also safe when a workflow has another record with its job id. */
  jobIdsOnce?: boolean;
  /** Called with each violation as soon as it is certain. */
  onViolation?: (violation: Violation) => void;
}

export interface WatermarkReport {
  /** Looks at the committed offsets, commits read from the broker's log among them. */
  checks: number;
  /** Records that were in a started workflow, or a dead letter, when a commit passed them. */
  recordsVerified: number;
  violations: Violation[];
  /** Records behind a commit about which nothing could be found out by the end: 0, or the report is incomplete. */
  unverified: number;
  /** What kept the last look from an answer. */
  trouble?: string;
  /** Most records that were in the topic and not yet committed. */
  largestLag: number;
  /** Longest time from a commit until its proof was seen: how far visibility lagged. */
  slowestProofMs: number;
}

export interface WatermarkMonitor {
  start(): void;
  /** Waits until every commit is checked, as long as Kafka and Temporal are there for it. */
  stop(): Promise<WatermarkReport>;
  /**
   * Resolves when it has gone through every commit so far. To be called before the queue topic is deleted, with nothing on its way:
   * whatever was not read by then counts as not verified.
   */
  caughtUp(): Promise<void>;
  /** To be called when the queue topic was deleted and made again. */
  topicMadeAnew(): void;
}

/** Of `stop`, with a system that does not come back. */
const LONGEST_END_MS = 120_000;
/** How long the reader may be behind before Kafka counts as away. */
const READ_LOOKS = 100;
const READ_LOOK_MS = 20;
/** Further back than a pack can begin. */
const LOOK_BACK = 150;
/** Asked about in one visibility query. */
const STRETCH = 500;

/**
 * Watches promise 1 while everything runs: an offset is committed only when every record up to it is in a started workflow or is a dead
 * letter. The broker writes each commit down with its time, so none escapes between two looks; the committed offset itself is asked for
 * as well, since it also counts for records that come later.
 */
export function createWatermarkMonitor(options: WatermarkMonitorOptions): WatermarkMonitor {
  const { kafka, client, queue, group, deadLetterTopic, jobIdsOnce, onViolation } = options;
  const { intervalMs = 500, patienceMs = 30_000 } = options;
  const checks = new WatermarkChecks();
  const packs = createPackReader(client, queue);
  const limit = createLimit(4);
  /** Run ids of packs whose jobs are known. */
  const readPacks = new Set<string>();
  let looks = 0;
  let largestLag = 0;
  /** Milliseconds in which Kafka and Temporal were there. */
  let clock = 0;
  /** The last look at Kafka found everything read. */
  let allRead = false;
  let trouble: string | undefined;
  let roundsBegun = 0;
  /** The last one that found everything read. */
  let lastCompleteRound = 0;
  /** Ends the pause before the next one. */
  let wake = () => {};
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let admin: Admin | undefined;
  let follower: ReturnType<typeof follow> | undefined;

  return {
    start() {
      follower = follow();
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
      await follower?.stop();
      await admin?.disconnect().catch(() => undefined);
      const { verified, violations, slowestProofMs } = checks;
      return {
        checks: looks,
        recordsVerified: verified,
        violations,
        unverified: unverified(),
        trouble,
        largestLag,
        slowestProofMs,
      };
    },
    async caughtUp() {
      const next = roundsBegun + 1;
      await eventually('the watermark monitor has gone through every commit', () => {
        wake();
        if (lastCompleteRound < next) return trouble ?? 'it is looking';
        const unread = checks.unread(allRead);
        return unread === 0 || `${unread} records are not read`;
      });
    },
    topicMadeAnew() {
      checks.topicMadeAnew(allRead);
      follower?.forget(queue);
    },
  };

  async function run(): Promise<void> {
    let endBy = Infinity;
    let lastAt = performance.now();
    for (;;) {
      const now = performance.now();
      const ending = stopping.signal.aborted;
      if (ending) endBy = Math.min(endBy, now + LONGEST_END_MS);
      trouble = undefined;
      roundsBegun += 1;
      allRead = await lookAtKafka().catch(failed);
      if (allRead) lastCompleteRound = roundsBegun;
      else await forgetAdmin();
      const temporalIsThere = await lookAtTemporal().catch(failed);
      // A frozen system counts for no more than its first moment.
      if (allRead && temporalIsThere) clock += Math.min(now - lastAt, 2 * intervalMs);
      lastAt = now;
      await expire().catch(failed);
      if (ending && ((allRead && temporalIsThere && unverified() === 0) || now > endBy)) return;
      if (ending) await delay(Math.min(intervalMs, 500));
      else await pause();
    }
  }

  async function pause(): Promise<void> {
    const awake = new AbortController();
    wake = () => awake.abort();
    const signal = AbortSignal.any([stopping.signal, awake.signal]);
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
  }

  function failed(error: unknown): false {
    trouble = messageOf(error);
    return false;
  }

  function unverified(): number {
    return checks.pending().length + checks.unread(allRead);
  }

  function follow() {
    return followTopics({
      kafka,
      topics: [queue, deadLetterTopic, COMMITS_TOPIC],
      onRecord(topic, partition, message) {
        if (topic === COMMITS_TOPIC) {
          const commit = readCommit(message);
          if (commit?.group !== group || commit.topic !== queue) return;
          looks += 1;
          checks.committed(commit.partition, commit.offset, commit.at);
        } else if (topic === queue) {
          const jobId = jobIdsOnce ? jobIdOf(message.value) : undefined;
          const timestamp = Number(message.timestamp);
          checks.record({ partition, offset: Number(message.offset), timestamp, jobId });
        } else {
          const place = placeOf(message, queue);
          if (place) checks.deadLetter(place.partition, place.offset, place.at);
        }
      },
      onProgress(topic, partition, next) {
        if (topic === queue) checks.readTo(partition, next);
      },
    });
  }

  /** Whether Kafka answers, and everything it had a moment ago has been read. */
  async function lookAtKafka(): Promise<boolean> {
    if (!admin) {
      const fresh = kafka.admin({ retry: { retries: 1 } });
      await fresh.connect();
      admin = fresh;
    }
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [queue] });
    const at = Date.now();
    const committed = new Map(
      offsets?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
    const ends = await endsOf(admin, [COMMITS_TOPIC, deadLetterTopic, queue]);
    const lag = ends.map(({ topic, partition, end }) =>
      topic === queue ? Math.max(0, end - Math.max(0, committed.get(partition) ?? 0)) : 0,
    );
    largestLag = Math.max(largestLag, sum(lag));
    // Commits in the log come first, since theirs is the exact time.
    if (!(await untilRead(ends))) throw new Error('the records that Kafka has are not all read yet');
    looks += 1;
    committed.forEach((offset, partition) => checks.committed(partition, offset, at));
    return true;
  }

  async function endsOf(from: Admin, topics: string[]): Promise<TopicEnd[]> {
    const ends: TopicEnd[] = [];
    for (const topic of topics) {
      const before = follower?.positions(topic) ?? new Map<number, number>();
      for (const { partition, high } of await from.fetchTopicOffsets(topic)) {
        const end = Number(high);
        ends.push({ topic, partition, end });
        // It was made anew, and nobody said so.
        if (topic === deadLetterTopic && (before.get(partition) ?? 0) > end) follower?.forget(topic);
      }
    }
    return ends;
  }

  async function untilRead(ends: TopicEnd[]): Promise<boolean> {
    const isRead = ({ topic, partition, end }: TopicEnd) =>
      (follower?.positions(topic).get(partition) ?? 0) >= end;
    for (let look = 0; look < READ_LOOKS; look++) {
      if (ends.every(isRead)) return true;
      await delay(READ_LOOK_MS);
    }
    return false;
  }

  async function forgetAdmin(): Promise<void> {
    const broken = admin;
    admin = undefined;
    await Promise.race([
      broken?.disconnect().catch(() => undefined),
      delay(1_000, undefined, { ref: false }),
    ]);
  }

  /** Whether Temporal answered. Packs that are there by now may hold what is pending. */
  async function lookAtTemporal(): Promise<boolean> {
    for (const { partition, from, to } of stretchesOf(checks.pending()))
      await take(await packs.list(partition, { from, to }));
    return true;
  }

  async function take(listed: ListedPack[]): Promise<void> {
    await Promise.all(
      listed
        .filter(({ runId }) => !readPacks.has(runId))
        .map((pack) =>
          limit(async () => {
            const { startedAt, jobs } = await packs.read(pack);
            readPacks.add(pack.runId);
            for (const job of jobs)
              checks.inWorkflow(jobIdsOnce ? job : { ...job, jobId: undefined }, startedAt, pack.workflowId);
          }),
        ),
    );
  }

  /** What is overdue is asked for by name, where visibility may have lost something; then it is a violation. */
  async function expire(): Promise<void> {
    const overdue = checks.expired(clock, patienceMs).slice(0, STRETCH);
    if (overdue.length === 0) return;
    const ids = new Set(
      overdue.flatMap((pending) =>
        checks
          .recordsBefore(pending, LOOK_BACK)
          .concat(pending)
          .map(({ partition, offset, timestamp }) =>
            packWorkflowId({ topic: queue, partition, offset: String(offset), timestamp }),
          ),
      ),
    );
    const found = await Promise.all([...ids].map((id) => limit(() => packs.find(id))));
    await take(found.filter((pack) => pack !== undefined));
    for (const pending of overdue) {
      const violation = checks.fail(pending);
      if (violation) onViolation?.(violation);
    }
  }
}

interface TopicEnd {
  topic: string;
  partition: number;
  end: number;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Ranges of offsets that hold all of them, with no great gaps inside. */
function stretchesOf(pending: PendingRecord[]): { partition: number; from: number; to: number }[] {
  const stretches: { partition: number; from: number; to: number }[] = [];
  for (const { partition, offset } of pending.sort(
    (a, b) => a.partition - b.partition || a.offset - b.offset,
  )) {
    const last = stretches.at(-1);
    if (last?.partition === partition && offset - last.from < STRETCH) last.to = offset;
    else stretches.push({ partition, from: offset, to: offset });
  }
  return stretches;
}
