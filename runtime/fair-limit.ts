import { DEFAULT_PRIORITY, type TaskPriority } from '../contracts/task-priority';

/** Rejects with the reason of `signal` when that is aborted before the task has begun; a task that has begun it leaves alone. */
export type FairLimit = <T>(
  turn: TaskPriority | undefined,
  task: () => Promise<T>,
  signal?: AbortSignal,
) => Promise<T>;

/**
 * Lets at most `concurrency` tasks run at a time. Of those that wait the most urgent go first, and among these each key in turn, so that many tasks
 * of one key hold up those of another by one task each.
 */
export function createFairLimit(concurrency: number): FairLimit {
  let running = 0;
  const waiting = new Map<number, Lanes>();
  return async (turn, task, signal) => {
    signal?.throwIfAborted();
    if (running >= concurrency) await untilItsTurn(turn, signal);
    else running += 1;
    try {
      return await task();
    } finally {
      // The place is handed on, so `running` stays as it is while somebody waits.
      const next = takeNext();
      if (next) next();
      else running -= 1;
    }
  };

  function untilItsTurn(turn: TaskPriority | undefined, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        leave(turn, begin);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      wait(turn, begin);
    });
  }

  function wait(turn: TaskPriority | undefined, begin: () => void): void {
    const { priorityKey = DEFAULT_PRIORITY, fairnessKey = '' } = turn ?? {};
    const lanes: Lanes = waiting.get(priorityKey) ?? new Map<string, Set<() => void>>();
    waiting.set(priorityKey, lanes);
    const lane = lanes.get(fairnessKey);
    if (lane) lane.add(begin);
    else lanes.set(fairnessKey, new Set([begin]));
  }

  function leave(turn: TaskPriority | undefined, begin: () => void): void {
    const { priorityKey = DEFAULT_PRIORITY, fairnessKey = '' } = turn ?? {};
    const lanes = waiting.get(priorityKey);
    const lane = lanes?.get(fairnessKey);
    lane?.delete(begin);
    if (lane?.size === 0) lanes?.delete(fairnessKey);
    if (lanes?.size === 0) waiting.delete(priorityKey);
  }

  function takeNext(): (() => void) | undefined {
    if (waiting.size === 0) return undefined;
    const mostUrgent = Math.min(...waiting.keys());
    const lanes = waiting.get(mostUrgent)!;
    // A map keeps the order in which keys were added: the first has waited longest for its turn.
    const [[key, lane]] = lanes as unknown as [[string, Set<() => void>]];
    const [next] = lane as unknown as [() => void];
    lane.delete(next);
    lanes.delete(key);
    if (lane.size > 0) lanes.set(key, lane);
    else if (lanes.size === 0) waiting.delete(mostUrgent);
    return next;
  }
}

/** Tasks that wait, by key. Sets, so that one of thousands leaves at no cost. */
type Lanes = Map<string, Set<() => void>>;
