import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Kafka } from 'kafkajs';
import { messageOf } from '../../../contracts/errors';
import { eventually } from '../../support/eventually';
import { WatermarkChecks, type Violation } from './watermark-checks';
import { createKafkaView, type KafkaView } from './watermark-kafka';
import { createPackProofs } from './watermark-packs';

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
/** Asked for by name in one round. */
const OVERDUE_AT_ONCE = 500;

/**
 * Watches promise 1 while everything runs: an offset is committed only when every record up to it is in a started workflow or is a dead
 * letter. The broker writes each commit down with its time, so none escapes between two looks; the committed offset itself is asked for
 * as well, since it also counts for records that come later.
 */
export function createWatermarkMonitor(options: WatermarkMonitorOptions): WatermarkMonitor {
  const { client, queue, jobIdsOnce, onViolation } = options;
  const { intervalMs = 500, patienceMs = 30_000 } = options;
  const checks = new WatermarkChecks();
  const packs = createPackProofs({ client, queue, jobIdsOnce, checks });
  let kafka: KafkaView | undefined;
  /** Milliseconds in which Kafka and Temporal were there. */
  let clock = 0;
  /** The last look at Kafka found everything read. */
  let allRead = false;
  /** Nothing that is in the topic was unread when somebody asked for that. */
  let isCaughtUp = false;
  let trouble: string | undefined;
  let roundsBegun = 0;
  /** The last one that found everything read. */
  let lastCompleteRound = 0;
  /** Ends the pause before the next one. */
  let wake = () => {};
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  return {
    start() {
      kafka = createKafkaView({ ...options, checks });
      running = run(kafka);
    },
    async stop() {
      stopping.abort();
      await running;
      await kafka?.stop();
      const { verified, violations, slowestProofMs } = checks;
      return {
        checks: kafka?.looks() ?? 0,
        recordsVerified: verified,
        violations,
        unverified: unverified(),
        trouble,
        largestLag: kafka?.largestLag() ?? 0,
        slowestProofMs,
      };
    },
    async caughtUp() {
      const next = roundsBegun + 1;
      await eventually('the watermark monitor has gone through every commit', () => {
        wake();
        if (lastCompleteRound < next) return trouble ?? 'it is looking';
        const unread = checks.unread(allRead);
        isCaughtUp = unread === 0;
        return isCaughtUp || `${unread} records are not read`;
      });
    },
    topicMadeAnew() {
      checks.topicMadeAnew(isCaughtUp || allRead);
      isCaughtUp = false;
      kafka?.topicMadeAnew();
    },
  };

  async function run(view: KafkaView): Promise<void> {
    let endBy = Infinity;
    let lastAt = performance.now();
    for (;;) {
      const now = performance.now();
      const ending = stopping.signal.aborted;
      if (ending) endBy = Math.min(endBy, now + LONGEST_END_MS);
      trouble = undefined;
      roundsBegun += 1;
      allRead = await succeeds(view.look());
      if (allRead) lastCompleteRound = roundsBegun;
      const temporalIsThere = await succeeds(packs.look());
      // A frozen system counts for no more than its first moment.
      if (allRead && temporalIsThere) clock += Math.min(now - lastAt, 2 * intervalMs);
      lastAt = now;
      await succeeds(expire());
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

  async function succeeds(work: Promise<void>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      trouble = messageOf(error);
      return false;
    }
  }

  function unverified(): number {
    return checks.pending().length + checks.unread(allRead);
  }

  /** What is overdue is asked for by name; then it is a violation. */
  async function expire(): Promise<void> {
    const overdue = checks.expired(clock, patienceMs).slice(0, OVERDUE_AT_ONCE);
    if (overdue.length === 0) return;
    await packs.askByName(overdue);
    for (const pending of overdue) {
      const violation = checks.fail(pending);
      if (violation) onViolation?.(violation);
    }
  }
}
