import { createHash } from 'node:crypto';
import type { Consumer, Kafka } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { jobResultSchema, type TerminalStatus } from '../../../contracts/job-result';

export interface WatchedJob {
  /** Hashes of the different results: one, if all is well. */
  distinct: Set<string>;
  records: number;
  status: TerminalStatus;
  /** Code of the error, where it has one. */
  error: string | undefined;
  llmCalls: number;
  /** When the first result was written, milliseconds since 1970. */
  endedAt: number;
}

export interface ResultsWatch {
  start(): Promise<void>;
  stop(): Promise<void>;
  byId: Map<string, WatchedJob>;
  /** Longest time without a new result while `outstanding()` said that there were jobs to do, milliseconds. */
  longestStallMs(): number;
  resetStall(): void;
}

/** Reads the results topic while the run goes on. */
export function createResultsWatch(options: {
  kafka: Kafka;
  topic: string;
  outstanding: (watch: ResultsWatch) => number;
}): ResultsWatch {
  const { kafka, topic, outstanding } = options;
  const seen = new Set<string>();
  let consumer: Consumer | undefined;
  let stopped = false;
  let lastNewAt = Date.now();
  let longestStallMs = 0;
  const timer = setInterval(() => {
    if (outstanding(watch) === 0) lastNewAt = Date.now();
    longestStallMs = Math.max(longestStallMs, Date.now() - lastNewAt);
  }, 250);

  const watch: ResultsWatch = {
    byId: new Map(),
    longestStallMs: () => longestStallMs,
    resetStall() {
      lastNewAt = Date.now();
      longestStallMs = 0;
    },
    start: () => consume(),
    async stop() {
      stopped = true;
      clearInterval(timer);
      await consumer?.disconnect().catch(() => undefined);
    },
  };
  return watch;

  async function consume(): Promise<void> {
    const current = kafka.consumer({
      groupId: 'fault-suite-results',
      maxWaitTimeInMs: 200,
      sessionTimeout: 30_000,
    });
    consumer = current;
    current.on('consumer.crash', ({ payload }) => {
      if (!payload.restart && !stopped) void again(current);
    });
    try {
      await current.connect();
      await current.subscribe({ topic, fromBeginning: true });
      await current.run({
        eachMessage: ({ partition, message }) => {
          read(`${partition}/${message.offset}`, message.value, Number(message.timestamp));
          return Promise.resolve();
        },
      });
    } catch {
      if (!stopped) await again(current);
    }
  }

  async function again(previous: Consumer): Promise<void> {
    await previous.disconnect().catch(() => undefined);
    await delay(1_000);
    if (!stopped) await consume();
  }

  function read(at: string, value: Buffer | null, writtenAt: number): void {
    if (seen.has(at) || value === null) return;
    seen.add(at);
    const result = jobResultSchema.parse(JSON.parse(value.toString()));
    const hash = createHash('sha1').update(value).digest('base64');
    const known = watch.byId.get(result.id);
    if (!known) {
      const { status, usage, error } = result;
      const job = { distinct: new Set([hash]), records: 1, status, error: error?.type };
      watch.byId.set(result.id, { ...job, llmCalls: usage.llmCalls, endedAt: writtenAt });
      lastNewAt = Date.now();
      return;
    }
    known.records++;
    if (known.distinct.has(hash)) return;
    known.distinct.add(hash);
    known.llmCalls += result.usage.llmCalls;
  }
}
