/** The value below which `share` (0 to 1) of the values lie; nearest rank. Undefined without values. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** How many of the intervals, in any one unit of time, overlap at most. */
export function peakOverlap(intervals: readonly { from: number; to: number }[]): number {
  const edges = intervals.flatMap(({ from, to }) => [
    { at: from, change: 1 },
    { at: to, change: -1 },
  ]);
  // What ends at the moment another begins does not overlap it.
  edges.sort((a, b) => a.at - b.at || a.change - b.change);
  let now = 0;
  let peak = 0;
  for (const { change } of edges) {
    now += change;
    peak = Math.max(peak, now);
  }
  return peak;
}

/** Milliseconds for people: `8.4 s`, `44 s`, `3 min 20 s`, `1 h 15 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const rounded = Math.round(seconds / 60);
  return `${Math.floor(rounded / 60)} h ${rounded % 60} min`;
}

/** `1 job`, `2 jobs` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
