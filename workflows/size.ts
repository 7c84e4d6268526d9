import { workflowInfo } from '@temporalio/workflow';

/**
 * Bytes that one batch handed to an activity may have: far enough under Temporal's 2 MB payload limit, and under 4 MB for
 * one gRPC message with several batches in it. https://docs.temporal.io/cloud/limits
 */
export const BATCH_MAX_BYTES = 512 * 1024;

/**
 * A history that has grown beyond this takes no more fat jobs: the server ends a workflow whose history passes 50 MB, and
 * with it every job inside.
 */
const HISTORY_FULL_BYTES = 10 * 1024 * 1024;

/** The same for its events, of which the server takes 51,200: a day of short waits has more than half of them. */
const HISTORY_FULL_EVENTS = 20_000;

const utf8 = new TextEncoder();

/** Whether the remaining jobs had better go on as workflows of their own. */
export function historyIsFull(maxBytes = HISTORY_FULL_BYTES): boolean {
  const { historySize, historyLength } = workflowInfo();
  return historySize > maxBytes || historyLength > HISTORY_FULL_EVENTS;
}

/** Size of a value as JSON, in bytes. */
export function jsonBytes(value: unknown): number {
  return utf8.encode(JSON.stringify(value) ?? '').length;
}

/** Cuts a list, in order, so that each part stays under `maxBytes`; an item that is larger by itself is a part of its own. */
export function chunksBySize<Item>(
  items: Item[],
  sizeOf: (item: Item) => number,
  maxBytes = BATCH_MAX_BYTES,
): Item[][] {
  const chunks: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const last = chunks.at(-1);
    if (last && bytes + size <= maxBytes) {
      last.push(item);
      bytes += size;
    } else {
      chunks.push([item]);
      bytes = size;
    }
  }
  return chunks;
}
