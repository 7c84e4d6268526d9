import type { Client } from '@temporalio/client';
import { PROCESS_PACK } from '../../../contracts/workflow-names';
import { startsLikeTheBridge } from '../handoff/bare-loop';

export interface Closed {
  workflows: number;
  ms: number;
  /** Workflows a second, of the first chunk and of the last. */
  firstPerSecond: number;
  lastPerSecond: number;
}

export interface CloseManyOptions {
  count: number;
  /** Milliseconds after which no more are begun: fewer are closed then. */
  within: number;
  concurrency: number;
  onProgress: (closed: number) => void;
}

const CHUNK = 500;

/**
 * Fills a server with closed workflows that look like packs of one (payload, memo, search attributes), each of which was begun to start in an hour and ended
 * at once: no worker is needed, and no task is left behind for one.
 */
export async function closeMany(client: Client, options: CloseManyOptions): Promise<Closed> {
  const { count, within, concurrency, onProgress } = options;
  const beganAt = performance.now();
  const rates: number[] = [];
  let workflows = 0;
  while (workflows < count && performance.now() - beganAt < within) {
    const chunkBeganAt = performance.now();
    const starts = startsLikeTheBridge(
      `closed-${workflows}-${Date.now()}`,
      Math.min(CHUNK, count - workflows),
    );
    const chunk = starts.length;
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        for (let next = starts.pop(); next; next = starts.pop()) {
          const handle = await client.workflow.start(PROCESS_PACK, { ...next, startDelay: '1 hour' });
          await handle.terminate('only to be closed');
        }
      }),
    );
    workflows += chunk;
    rates.push(chunk / ((performance.now() - chunkBeganAt) / 1_000));
    onProgress(workflows);
  }
  return {
    ...{ workflows, ms: performance.now() - beganAt },
    ...{ firstPerSecond: rates[0] ?? 0, lastPerSecond: rates.at(-1) ?? 0 },
  };
}
