import type { CallEvent } from '../../../stack/llm-simulator/event-log';

/** How many calls were in flight at the same time, at most. Events may come in any order. */
export function mostAtOnce(calls: readonly CallEvent[]): number {
  const steps = calls
    .map(({ what, at }) => ({ at, step: what === 'accepted' ? 1 : -1 }))
    // Of one moment, ends first: nothing was in flight beside what began then.
    .sort((a, b) => a.at - b.at || a.step - b.step);
  let now = 0;
  let most = 0;
  for (const { step } of steps) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}
