import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { now } from './clock';
import { idInValue } from './schedule';

export interface TopicsWatch {
  results: { id: string; at: number; status: string }[];
  /** Ids, as often as they came. */
  deadLetters: string[];
  /** Jobs with a result or a dead letter, and poison with a dead letter. */
  ended: Set<string>;
  /** When the last record came. */
  lastAt(): number;
  /** Resolves when nothing has come for a while, after which all that was written has been read. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

/** Several times what a fetch waits for. */
const QUIET_MS = 500;

/** Reads what comes to the results topic and the dead-letter topic of a run. Resolves when it reads. */
export async function watchTopics(
  kafka: Kafka,
  { results: resultsTopic, dlq }: { results: string; dlq: string },
): Promise<TopicsWatch> {
  const results: TopicsWatch['results'] = [];
  const deadLetters: string[] = [];
  const ended = new Set<string>();
  let lastAt = now();
  const consumer = kafka.consumer({ groupId: `${resultsTopic}-watch`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [resultsTopic, dlq], fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    partitionsConsumedConcurrently: 4,
    eachBatch: ({ batch }) => {
      lastAt = now();
      for (const { key, value } of batch.messages) {
        if (batch.topic === resultsTopic) {
          const id = String(key);
          results.push({ id, at: lastAt, status: statusIn(value) });
          ended.add(id);
        } else {
          const id = idInValue(String(value));
          if (id === undefined) continue;
          deadLetters.push(id);
          ended.add(id);
        }
      }
      return Promise.resolve();
    },
  });
  await joined;
  return {
    ...{ results, deadLetters, ended, lastAt: () => lastAt, stop: () => consumer.disconnect() },
    async quiet() {
      const from = now();
      while (now() - Math.max(from, lastAt) < QUIET_MS) await delay(50);
    },
  };
}

function statusIn(value: Buffer | null): string {
  try {
    return (JSON.parse(String(value)) as { status?: string }).status ?? 'none';
  } catch {
    return 'no JSON';
  }
}
