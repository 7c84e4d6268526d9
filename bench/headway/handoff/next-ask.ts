const SHORTEST_MS = 20;
const LONGEST_MS = 500;

/**
 * How long to wait before the group is asked again what it has committed, in milliseconds. Each question costs CPU that what is measured could
 * use, and only the last commit matters: so seldom at first, and often towards the end.
 */
export function nextAskMs({ elapsedMs, done, of }: { elapsedMs: number; done: number; of: number }): number {
  if (done <= 0) return SHORTEST_MS;
  const leftMs = (elapsedMs * (of - done)) / done;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, leftMs / 3));
}
