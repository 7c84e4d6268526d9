import type { CallEvent } from '../../stack/llm-simulator/event-log';

/** From `at` on, `count` calls are in flight. */
export interface Step {
  at: number;
  count: number;
}

export interface Span {
  from: number;
  to: number;
}

/** A job is handed over in no time by nobody; so long it does not count as waiting. */
const HAND_OVER_MS = 100;

export function callsInFlight(calls: CallEvent[]): Step[] {
  return stepsOf(calls.map(({ at, what }) => ({ at, change: what === 'accepted' ? 1 : -1 })));
}

/**
 * Which share of the slots had a call, over all the time until `until` in which a job waited for one.
 * @param slots - how many there are, from when on: those of a consumer that is dead are none
 * @returns undefined when none ever waited
 */
export function slotUse(inFlight: Step[], waiting: Span[], slots: Step[], until: number): number | undefined {
  const jobsWaiting = stepsOf(
    waiting
      .map(({ from, to }) => ({ from: from + HAND_OVER_MS, to: Math.min(to, until) }))
      .filter(({ from, to }) => to > from)
      .flatMap(({ from, to }) => [
        { at: from, change: 1 },
        { at: to, change: -1 },
      ]),
  );
  let used = 0;
  let usable = 0;
  for (const [index, { at, count }] of jobsWaiting.entries()) {
    const end = jobsWaiting[index + 1]?.at;
    if (count === 0 || end === undefined) continue;
    for (const part of partsOf(slots, at, end)) {
      usable += part.count * (part.to - part.from);
      used += integral(inFlight, part.from, part.to, part.count);
    }
  }
  return usable === 0 ? undefined : used / usable;
}

/** One value each `everyMs`, the first at `from`. */
export function sampled(steps: Step[], from: number, to: number, everyMs: number): number[] {
  const values: number[] = [];
  let index = 0;
  for (let at = from; at <= to; at += everyMs) {
    while (index < steps.length && steps[index]!.at <= at) index++;
    values.push(steps[index - 1]?.count ?? 0);
  }
  return values;
}

function stepsOf(changes: { at: number; change: number }[]): Step[] {
  const steps: Step[] = [];
  let count = 0;
  for (const { at, change } of [...changes].sort((a, b) => a.at - b.at)) {
    count += change;
    const last = steps.at(-1);
    if (last?.at === at) last.count = count;
    else steps.push({ at, count });
  }
  return steps;
}

/** The time between two moments, in parts in which a count stays. */
function* partsOf(steps: Step[], from: number, to: number): Iterable<Span & { count: number }> {
  for (let index = indexAt(steps, from); index < steps.length; index++) {
    const begin = Math.max(from, steps[index]!.at);
    const end = Math.min(to, steps[index + 1]?.at ?? to);
    if (begin >= to) return;
    if (end > begin) yield { from: begin, to: end, count: steps[index]!.count };
  }
}

/** Of the calls, at most `most` of them, between two times. */
function integral(steps: Step[], from: number, to: number, most: number): number {
  let sum = 0;
  for (const part of partsOf(steps, from, to)) sum += (part.to - part.from) * Math.min(most, part.count);
  return sum;
}

/** The last step at or before a time; 0 when all come later. */
function indexAt(steps: Step[], at: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]!.at <= at) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
