/** Polls that are worth while for a call, on average: of a wide spread of durations, each further one buys little. */
const POLLS_A_CALL = 3.6;
/** A poll has to save at least this much lateness. */
const LEAST_WORTH_MS = 100;
const SAMPLES = 60;
const HALVINGS = 12;

/**
 * When to ask for the end of a call, in milliseconds from its beginning: so that answers are seen as early as can be with about
 * 3.6 polls a call, or with fewer where more would save less than 0.1 s each.
 *
 * @param durations how long earlier calls took, in milliseconds, the shortest first; at least one
 */
export function placePolls(durations: number[]): number[] {
  const samples = thinOut(durations);
  let [least, most] = [LEAST_WORTH_MS, LEAST_WORTH_MS + samples.at(-1)!];
  let best = bestFor(samples, least);
  if (best.polls <= POLLS_A_CALL) return best.times;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (least + most) / 2;
    const placed = bestFor(samples, middle);
    if (placed.polls > POLLS_A_CALL) least = middle;
    else [most, best] = [middle, placed];
  }
  return best.times;
}

/** The poll times with the least sum of lateness and polls, when a poll may cost `worthMs` of lateness. Backwards from the last one. */
function bestFor(samples: number[], worthMs: number): { times: number[]; polls: number } {
  const count = samples.length;
  const cost = new Array<number>(count + 1).fill(0);
  const next = new Array<number>(count + 1).fill(count);
  // `from` samples have been seen to end; the next poll sees those up to `to`.
  for (let from = count - 1; from >= 0; from--) {
    let [least, sum] = [Infinity, 0];
    for (let to = from + 1; to <= count; to++) {
      sum += samples[to - 1]!;
      const late = samples[to - 1]! * (to - from) - sum;
      const all = worthMs * (count - from) + late + cost[to]!;
      if (all < least) [least, next[from]] = [all, to];
    }
    cost[from] = least;
  }
  const times: number[] = [];
  let polls = 0;
  for (let from = 0; from < count; from = next[from]!) {
    polls += (count - from) / count;
    times.push(samples[next[from]! - 1]!);
  }
  return { times, polls };
}

function thinOut(durations: number[]): number[] {
  if (durations.length <= SAMPLES) return durations;
  return Array.from(
    { length: SAMPLES },
    (_, n) => durations[Math.round((n * (durations.length - 1)) / (SAMPLES - 1))]!,
  );
}
