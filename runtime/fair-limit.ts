import { DEFAULT_PRIORITY, type TaskPriority } from '../contracts/task-priority';

export type FairLimit = <T>(turn: TaskPriority | undefined, task: () => Promise<T>) => Promise<T>;

/**
 * Lets at most `concurrency` tasks run at a time. Of those that wait the most urgent go first, and among these each key in turn, so that many tasks
 * of one key hold up those of another by one task each.
 */
export function createFairLimit(concurrency: number): FairLimit {
  let running = 0;
  const waiting = new Map<number, Lanes>();
  return async (turn, task) => {
    if (running >= concurrency) await new Promise<void>((resolve) => wait(turn, resolve));
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

  function wait(turn: TaskPriority | undefined, resolve: () => void): void {
    const { priorityKey = DEFAULT_PRIORITY, fairnessKey = '' } = turn ?? {};
    const lanes: Lanes = waiting.get(priorityKey) ?? new Map<string, (() => void)[]>();
    waiting.set(priorityKey, lanes);
    const lane = lanes.get(fairnessKey);
    if (lane) lane.push(resolve);
    else lanes.set(fairnessKey, [resolve]);
  }

  function takeNext(): (() => void) | undefined {
    if (waiting.size === 0) return undefined;
    const mostUrgent = Math.min(...waiting.keys());
    const lanes = waiting.get(mostUrgent)!;
    // A map keeps the order in which keys were added: the first has waited longest for its turn.
    const [[key, lane]] = lanes as unknown as [[string, (() => void)[]]];
    const next = lane.shift();
    lanes.delete(key);
    if (lane.length > 0) lanes.set(key, lane);
    else if (lanes.size === 0) waiting.delete(mostUrgent);
    return next;
  }
}

/** Tasks that wait, by key. */
type Lanes = Map<string, (() => void)[]>;
