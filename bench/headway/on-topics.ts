import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../../stack/cache';
import { openQueueProducer, type QueueProducer } from '../compare/queue-producer';
import { contextOf } from '../compare/run-context';
import { createTopics, deleteTopics } from '../compare/run-topics';
import { watchTopics, type TopicsWatch } from '../compare/watch-topics';
import { within } from '../compare/within';
import type { RunContext } from '../contenders/contender';
import { PARTITIONS } from '../kafka-load';
import type { BenchStack } from './bench-stack';
import { until } from './until';

const AFTERWARDS_MS = 60_000;

export interface TopicsOptions {
  /** Unique: of topics, group and folder. */
  name: string;
  /** Jobs at a time, for whoever has slots. */
  slots: number;
  /** Of the queue topic; default 12. */
  partitions?: number;
  log: (line: string) => void;
}

/** Topics of a round, with who writes and who reads. */
export interface OnTopics {
  run: RunContext;
  queue: QueueProducer;
  watch: TopicsWatch;
  /** Called when the round is over, however it ends, the last one first. */
  closing: (() => Promise<unknown>)[];
}

/** Makes topics of their own for a round, and deletes them afterwards. Trouble with that is only logged. */
export async function onTopics<T>(
  { kafka, stack, dataDir: parent }: BenchStack,
  { name, slots, partitions = PARTITIONS, log }: TopicsOptions,
  use: (topics: OnTopics) => Promise<T>,
): Promise<T> {
  const topics = { queue: `${name}-queue`, results: `${name}-results`, dlq: `${name}-dlq` };
  const dataDir = join(parent, name);
  const over = new AbortController();
  const closing: (() => Promise<unknown>)[] = [];
  const world = {
    ...{ kafka, log, cacheDir: cacheDir() },
    ...{ brokers: stack.addresses.kafkaBrokers ?? '', llmUrl: stack.addresses.llmBaseUrl ?? '' },
  };
  try {
    await mkdir(dataDir);
    closing.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }));
    await createTopics(kafka, topics, partitions);
    closing.push(() => deleteTopics(kafka, topics));
    const queue = await openQueueProducer(kafka, topics.queue, partitions);
    closing.push(() => queue.close());
    const watch = await watchTopics(kafka, topics);
    closing.push(() => watch.stop());
    const group = `${name}-group`;
    const run = contextOf(
      world,
      { consumers: 1, timeScale: 1 },
      {
        ...{ name, dataDir, topics, group, partitions, signal: over.signal, slots },
        uncommitted: (ids) => queue.uncommitted(group, ids),
      },
    );
    return await use({ run, queue, watch, closing });
  } finally {
    over.abort(new Error('The round is over.'));
    for (const close of closing.reverse()) {
      await within(AFTERWARDS_MS, 'what is closed after a round', close()).catch((error: unknown) =>
        log(`${name}: ${(error as Error).message}`),
      );
    }
  }
}

/** @throws Error when they do not come within `within` milliseconds */
export function haveResults({ ended }: TopicsWatch, count: number, within: number): Promise<void> {
  return until(`there are ${count} results`, { within, every: 10 }, () => ended.size >= count);
}
