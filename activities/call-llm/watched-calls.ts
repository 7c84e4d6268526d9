/** A pack looks away between two waves, while its workflow goes on. */
const LOOKS_AWAY_MS = 5_000;

/**
 * Knows which calls this process has kept its eyes on. When it finds one of them ended, the call took about that long; of one that nobody
 * asked for while the workers were away it only knows that it had ended by then.
 */
export class WatchedCalls {
  private readonly until = new Map<string, number>();
  private tidiedAt = 0;

  /** Whether nobody can have missed its end by much, when this process begins to wait for it now. */
  isWatched(call: { callId: string; startedAt: number }): boolean {
    const lookedAt = this.until.get(call.callId) ?? call.startedAt;
    return Date.now() - lookedAt <= LOOKS_AWAY_MS;
  }

  /** This process waits for it no longer, or only again with the next wave. */
  lookAway(callId: string): void {
    const now = Date.now();
    this.until.set(callId, now);
    if (now - this.tidiedAt < LOOKS_AWAY_MS) return;
    this.tidiedAt = now;
    for (const [one, at] of this.until) if (now - at > LOOKS_AWAY_MS) this.until.delete(one);
  }
}
