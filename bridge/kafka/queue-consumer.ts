import { setTimeout as delay } from 'node:timers/promises';
import { KafkaJSProtocolError, type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';
import { within } from '../../runtime/within';
import type { QueueBatch, QueueRecord } from './queue-record';
import { createSetAside } from './set-aside';
import { watchSilence } from './watch-silence';

export interface QueueConsumerOptions {
  kafka: Kafka;
  groupId: string;
  /** So long after its last heartbeat a bridge that died keeps its partitions, in milliseconds. */
  sessionTimeoutMs: number;
  topic: string;
  /** Batches of different partitions come side by side, those of one partition one after the other. */
  concurrency: number;
  /** Returns the offset to read next. What is before it is being committed, and does not come again under this assignment. */
  onBatch: (batch: QueueBatch) => Promise<bigint>;
  /** The group has a new assignment, which may be the same as before. */
  onAssigned: (partitions: number[]) => void;
  /** How many partitions are set aside for trouble of their own. */
  onSetAside: (partitions: number) => void;
  logger: Logger;
  /** Longest wait for batches in hand when it stops, in milliseconds. Default: 10,000, as long as a request to Temporal may take. */
  handOverTimeoutMs?: number;
  /** Longest wait for Kafka at a goodbye, in milliseconds. Default: 8,000. */
  leaveTimeoutMs?: number;
  /** Longest wait for a commit, in milliseconds. Default: 40,000, which is more than the client waits for one answer. */
  commitTimeoutMs?: number;
  /** Longest wait until a new consumer has joined, with all its tries, in milliseconds. Default: 150,000, more than twice what a rebalance may take. */
  joinTimeoutMs?: number;
}

export interface QueueConsumer {
  /** Joins the group and reads until `stop`. After a crash of the client it joins again, with backoff. Never throws. */
  run(): Promise<void>;
  /** @throws when the group coordinator did not take them */
  commit(next: ReadonlyMap<number, bigint>): Promise<void>;
  /** Resolves when the requests under way are answered and the group is left, or these take too long. `beforeLeaving` runs in between. */
  stop(beforeLeaving?: () => Promise<void>): Promise<void>;
  isMember(): boolean;
  /** Why it is no member of the group, where Kafka has said so. */
  lastError(): string | undefined;
  /** Reads no further until `resume`, and stays in the group. Outlasts rebalances and crashes of the client. */
  pause(): void;
  resume(): void;
  /** What cannot be done in a partition that is set aside for it, or undefined. */
  trouble(): string | undefined;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const HAND_OVER_TIMEOUT_MS = 10_000;
const LEAVE_TIMEOUT_MS = 8_000;
const COMMIT_TIMEOUT_MS = 40_000;
const JOIN_TIMEOUT_MS = 150_000;
/** Kafka advises three at least. While nothing comes kafkajs looks once a second (`maxWaitTimeInMs`), so they may be some less. */
const HEARTBEATS_A_SESSION = 4;
/** Much less than a silence that is taken for a broken connection (`watch-silence.ts`). */
const HEARTBEAT_MAX_MS = 3_000;
/** kafkajs sends one every `heartbeatInterval` at most; asking more often notices a rebalance sooner. */
const HEARTBEAT_CHECK_MS = 500;

/** One consumer of kafkajs, until it crashes or is given up. */
interface Session {
  consumer: Consumer;
  /** Settles when it has joined the group, or cannot. */
  started: Promise<void>;
  /** How many commits the group has taken of it. */
  commits: number;
  /** Gives it up for a new one, which reads from where the group is. Nothing happens to one that has ended. */
  beginAgain(reason: Error): void;
}

/** The only place that knows kafkajs' consumer. */
export function createQueueConsumer(options: QueueConsumerOptions): QueueConsumer {
  const { kafka, groupId, topic, concurrency, onBatch, onAssigned, onSetAside, logger } = options;
  const {
    sessionTimeoutMs,
    handOverTimeoutMs = HAND_OVER_TIMEOUT_MS,
    leaveTimeoutMs = LEAVE_TIMEOUT_MS,
    commitTimeoutMs = COMMIT_TIMEOUT_MS,
    joinTimeoutMs = JOIN_TIMEOUT_MS,
  } = options;
  const stopping = new AbortController();
  const stopped = aborted(stopping.signal);
  let session: Session | undefined;
  let member = false;
  let lastError: string | undefined;
  let paused = false;
  /** Grows with every assignment: a batch of an earlier one is no longer held. */
  let assignment = 0;
  let assigned: number[] = [];
  const setAside = createSetAside(applyPause, onSetAside);
  const inHand = new Set<Promise<void>>();
  /** Of each batch in hand: aborted when it no longer is this bridge's. */
  const lives = new Set<AbortController>();
  let running: Promise<void> = Promise.resolve();

  return {
    isMember: () => member,
    lastError: () => lastError,
    trouble: () => setAside.current(),
    pause() {
      paused = true;
      applyPause();
    },
    resume() {
      paused = false;
      applyPause();
    },
    run: () => (running = supervise()),
    async commit(next) {
      // A commit may end when this one has crashed and another has joined, to which it means nothing.
      const current = session;
      if (!current) throw new Error('not connected to Kafka');
      const offsets = [...next].map(([partition, offset]) => ({ topic, partition, offset: String(offset) }));
      const begunIn = assignment;
      const before = current.commits;
      try {
        await within(commitTimeoutMs, current.consumer.commitOffsets(offsets), () => {
          throw new NoAnswer(`Kafka did not answer a commit within ${commitTimeoutMs} ms`);
        });
      } catch (error) {
        // kafkajs loses a request now and then when its broker goes away, and then waits for the answer for ever.
        if (error instanceof NoAnswer) current.beginAgain(error);
        throw error;
      } finally {
        // kafkajs repeats a commit that failed, also once it has joined again. It may then set back what another bridge has committed
        // since, and this consumer has read a position already that is no longer the group's.
        if (begunIn !== assignment) current.beginAgain(new Error('a commit outlived its assignment'));
      }
      // kafkajs says nothing where it gives a commit up since it is ending.
      if (current.commits === before) throw new Error('the consumer ended before the group took the commit');
    },
    async stop(beforeLeaving) {
      stopping.abort();
      setAside.clear();
      // Or it fetches the same records over and over, since nothing is done with them any more.
      paused = true;
      applyPause();
      endLives();
      await within(handOverTimeoutMs, Promise.allSettled(inHand), () => []);
      const leave = async () => {
        await beforeLeaving?.();
        // kafkajs forgets a consumer that is stopped while it joins. It joins all the same, and its partitions stand still.
        await session?.started.catch(() => undefined);
        await session?.consumer.disconnect();
        await running;
      };
      // With Kafka away the client would try for most of a minute. Nothing is lost without a goodbye: the records come again.
      await within(leaveTimeoutMs, leave(), () => undefined);
    },
  };

  async function supervise(): Promise<void> {
    for (
      let waitMs = FIRST_WAIT_MS;
      !stopping.signal.aborted;
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    ) {
      const beganAt = Date.now();
      try {
        await untilCrash();
      } catch (error) {
        if (stopping.signal.aborted) return;
        lastError = reasonOf(error);
        logger.warn({ reason: lastError, retryInMs: waitMs }, 'consumer ended; joining the group again');
      }
      member = false;
      if (Date.now() - beganAt > 60_000) waitMs = FIRST_WAIT_MS;
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** Rejects when the consumer has crashed. kafkajs restarts by itself after some errors only; after none is simpler. */
  async function untilCrash(): Promise<void> {
    const consumer = kafka.consumer({
      groupId,
      // Heartbeats go on while the bridge waits for Temporal.
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: 60_000,
      heartbeatInterval: Math.min(sessionTimeoutMs / HEARTBEATS_A_SESSION, HEARTBEAT_MAX_MS),
      maxWaitTimeInMs: 1_000,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
    let beginAgain!: (reason: Error) => void;
    const crashed = new Promise<never>((_, reject) => {
      beginAgain = (reason) => {
        reject(reason);
        if (session === current) endLives();
      };
    });
    crashed.catch(() => undefined);
    const current: Session = { consumer, started: Promise.resolve(), commits: 0, beginAgain };
    consumer.on('consumer.crash', ({ payload }) => beginAgain(payload.error));
    // kafkajs asks again on the same connection, which may lead nowhere, for minutes, and without a word. Not so while it connects and joins.
    consumer.on('consumer.network.request_timeout', ({ payload }) => {
      if (member && session === current)
        beginAgain(new Error(`Kafka did not answer a request (${payload.apiName})`));
    });
    consumer.on('consumer.commit_offsets', () => void (current.commits += 1));
    consumer.on('consumer.group_join', ({ payload }) => {
      if (session !== current) return;
      assignment += 1;
      endLives();
      member = true;
      lastError = undefined;
      // Whoever has the partition now finds out for itself.
      setAside.clear();
      // All of the topic, whatever the assignment: kafkajs keeps that through rebalances, but not from one consumer to the next.
      applyPause();
      assigned = payload.memberAssignment[topic] ?? [];
      logger.info({ partitions: assigned }, 'joined the group');
      onAssigned(assigned);
    });
    consumer.on('consumer.rebalancing', () => logger.info('the group is rebalancing'));
    const unwatch = watchSilence(consumer, (what) =>
      beginAgain(new Error(`no answer from Kafka to ${what}`)),
    );
    try {
      session = current;
      current.started = start(consumer);
      await within(joinTimeoutMs, current.started, () => {
        throw new NoAnswer(`Kafka did not let it join within ${joinTimeoutMs} ms`);
      });
      await Promise.race([crashed, stopped]);
      unwatch();
    } catch (error) {
      unwatch();
      member = false;
      // It may go on for a while, and even join: nothing it says counts any more.
      session = undefined;
      // Its goodbye may go where nobody answers.
      const closed = consumer.disconnect().catch(() => undefined);
      await within(leaveTimeoutMs, closed, () => undefined);
      throw error;
    }
  }

  /** Resolves when the group is joined, or when the consumer crashed at that. */
  async function start(consumer: Consumer): Promise<void> {
    await consumer.connect();
    // "The newest" is worked out anew at each joining, for each partition without a commit: what came meanwhile would be skipped.
    await consumer.subscribe({ topic, fromBeginning: true });
    stopping.signal.throwIfAborted();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: (payload) => track(eachBatch(payload)),
    });
  }

  /** Once the group is joined again it is applied again, so nothing is lost where it cannot be now. */
  function applyPause(): void {
    if (!member) return;
    try {
      if (paused) {
        session?.consumer.pause([{ topic }]);
        return;
      }
      // Of the whole topic, which kafkajs takes for its partitions too. Nothing is fetched between the two.
      session?.consumer.resume([{ topic }]);
      const partitions = setAside.waiting();
      if (partitions.length > 0) session?.consumer.pause([{ topic, partitions }]);
    } catch (error) {
      // A consumer that crashes has no group some time before it says that it has crashed.
      logger.debug({ reason: messageOf(error), paused }, 'could not tell the consumer to pause or resume');
    }
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    // Fetched before the pause; it is fetched again after it.
    if (paused || setAside.isWaiting(batch.partition)) return;
    // It waited in kafkajs for its turn, while the fetcher of another broker joined anew.
    if (!assigned.includes(batch.partition)) return;
    const begunIn = assignment;
    let lost: unknown;
    const life = new AbortController();
    lives.add(life);
    // A rebalance shows only as an error of the heartbeat, and the hand-over may wait long for Temporal.
    const timer = setInterval(
      () =>
        void payload.heartbeat().catch((error: unknown) => {
          lost ??= error;
          life.abort();
        }),
      HEARTBEAT_CHECK_MS,
    );
    const held = () => !life.signal.aborted && payload.isRunning() && !payload.isStale();
    try {
      const records = batch.messages.map((message): QueueRecord => ({
        topic: batch.topic,
        partition: batch.partition,
        offset: BigInt(message.offset),
        timestamp: Number(message.timestamp),
        key: message.key,
        value: message.value,
        headers: message.headers ?? {},
      }));
      let inTrouble: string | undefined;
      const next = await onBatch({
        partition: batch.partition,
        records,
        behind: Number(batch.offsetLag()),
        owned: () => lost === undefined && begunIn === assignment,
        held,
        paused: () => paused,
        patienceMs: () => setAside.patienceMs(batch.partition),
        progressed: () => setAside.progressed(batch.partition),
        rest: (ms) => rest(ms, life.signal),
        setAside: (what) => (inTrouble = what),
      });
      if (begunIn === assignment && next > BigInt(batch.firstOffset() ?? '0')) {
        setAside.progressed(batch.partition);
        payload.resolveOffset(String(next - 1n));
      }
      if (inTrouble !== undefined && held()) putAside(batch.partition, inTrouble);
    } finally {
      clearInterval(timer);
      lives.delete(life);
      // Whatever still waits for its turn is wanted no more.
      life.abort();
    }
    if (lost !== undefined) throw lost as Error;
  }

  /** What is in hand belongs to somebody else by now, or will soon. */
  function endLives(): void {
    for (const life of lives) life.abort();
  }

  function putAside(partition: number, what: string): void {
    if (setAside.add(partition, what))
      logger.warn({ partition }, `cannot ${what}; this partition stands still, the others go on`);
  }

  async function track(work: Promise<void>): Promise<void> {
    inHand.add(work);
    try {
      await work;
    } finally {
      inHand.delete(work);
    }
  }
}

class NoAnswer extends Error {}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (!(error instanceof KafkaJSProtocolError) || error.type !== 'INVALID_SESSION_TIMEOUT') return message;
  return `${message}. KAFKA_SESSION_TIMEOUT_MS has to lie between group.min.session.timeout.ms and group.max.session.timeout.ms of the brokers`;
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
