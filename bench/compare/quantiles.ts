export interface Waited {
  ms: number;
  /** It was not over when watching ended. */
  atLeast: boolean;
}

export interface Quantiles {
  p50: Waited;
  p95: Waited;
  p99: Waited;
  worst: Waited;
}

/** By nearest rank. Who still waits counts with the time so far, so a system that does not get to its jobs does not look fast. */
export function quantilesOf(all: Waited[]): Quantiles {
  const sorted = [...all].sort((a, b) => a.ms - b.ms || Number(a.atLeast) - Number(b.atLeast));
  // Whoever has waited less, and waits on, may end up anywhere above: from the first of them on, values are lower bounds.
  const firstOpen = sorted.findIndex(({ atLeast }) => atLeast);
  const at = (share: number): Waited => {
    const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
    const ms = sorted[rank]?.ms ?? 0;
    return { ms, atLeast: firstOpen !== -1 && rank >= firstOpen };
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), worst: at(1) };
}
