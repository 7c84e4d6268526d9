const FIRST_HOLD_MS = 1_000;
const LONGEST_HOLD_MS = 5_000;
/** So long without a refusal, and the next one counts as the first. */
const FORGET_AFTER_MS = 30_000;
/** Longer than the wait between two tries of a start (`until-done.ts`). */
const NEWS_WITHIN_MS = 8_000;

/**
 * Whether Temporal refuses starts because it has too much to do. From the first refusal until a start gets through again, at
 * least a second, and longer when refusals keep coming back. The starts in hand go on trying meanwhile: they are the probe.
 */
export class Throttle {
  private holdMs = FIRST_HOLD_MS;
  private holdUntil = -Infinity;
  private lastRefusal = -Infinity;
  private gotThrough = true;

  refused(): void {
    const now = Date.now();
    if (!this.active()) {
      const again = now - this.lastRefusal < FORGET_AFTER_MS;
      this.holdMs = again ? Math.min(this.holdMs * 2, LONGEST_HOLD_MS) : FIRST_HOLD_MS;
      this.holdUntil = now + this.holdMs;
    }
    this.lastRefusal = now;
    this.gotThrough = false;
  }

  started(): void {
    this.gotThrough = true;
  }

  active(): boolean {
    const now = Date.now();
    if (now < this.holdUntil) return true;
    // Without news the start that was refused was given up: its partition has a new owner.
    return !this.gotThrough && now - this.lastRefusal < NEWS_WITHIN_MS;
  }
}
