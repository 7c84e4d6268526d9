/** Durations remembered, and the share of them below which polling is not worth while. */
const REMEMBERED = 200;
const EARLY_SHARE = 0.15;
/** So many calls have to agree. */
const ENOUGH = 20;

/** Poll times grow by this factor: an answer is seen late by an eighth of the time it took, at the most. */
const GROWTH = 1.125;

const FIRST_POLL_MS = 250;
const LONGEST_GAP_MS = 5_000;

/** Knows when asking for an answer is likely to find one, from how long earlier calls took. */
export class PollTimes {
  private durations: number[] = [];
  private firstPollMs = FIRST_POLL_MS;
  /** The greatest ages at which calls were seen running while none had ended yet, the greatest first. */
  private runningAt: number[] = [];

  /**
   * Takes note of how long a call took until its end was seen, in milliseconds. The first poll cannot see anything faster than
   * itself, so what it finds counts as a fifth faster: otherwise the first poll could only ever become later.
   */
  learn(seenAfterMs: number): void {
    const firstPoll = seenAfterMs < this.firstPollMs * GROWTH;
    const durationMs = firstPoll ? seenAfterMs * 0.8 : seenAfterMs;
    this.durations.push(durationMs);
    if (this.durations.length < ENOUGH) return;
    if (this.durations.length > REMEMBERED) this.durations = this.durations.slice(-REMEMBERED / 2);
    if (this.durations.length % 10 !== 0) return;
    const sorted = [...this.durations].sort((a, b) => a - b);
    this.firstPollMs = Math.max(FIRST_POLL_MS, sorted[Math.floor(sorted.length * EARLY_SHARE)] ?? 0);
  }

  /**
   * Takes note of a call that a poll found still running. As long as no call at all has ended, what the oldest ones
   * show holds for the others: thousands that wait for a slow model need not each be asked again and again.
   */
  stillRunning(elapsedMs: number): void {
    if (this.durations.length > 0 || elapsedMs <= (this.runningAt[ENOUGH - 1] ?? 0)) return;
    this.runningAt = [...this.runningAt, elapsedMs].sort((a, b) => b - a).slice(0, ENOUGH);
    this.firstPollMs = Math.max(FIRST_POLL_MS, this.runningAt[ENOUGH - 1] ?? 0);
  }

  /**
   * Milliseconds from now to the next poll of a call that has been under way for `elapsedMs`. Poll times lie on a grid that
   * begins with the call, so waiting in several pieces (a pack asks again with every wave) polls no more often.
   */
  untilNext(elapsedMs: number): number {
    let at = this.firstPollMs;
    while (at <= elapsedMs) at += Math.min(LONGEST_GAP_MS, at * (GROWTH - 1) + 50);
    return at - elapsedMs;
  }
}
