import { placePolls } from './place-polls';

/** Durations remembered. */
const REMEMBERED = 200;
/** So many calls have to agree. */
const ENOUGH = 20;

const FIRST_POLL_MS = 250;
/** While nothing is known poll times double up to here, since few calls end so soon. */
const SELDOM_BEFORE_MS = 4_000;
/** From there on, and behind all that is known, they grow by this factor: an answer is seen late by a quarter of the time it took, at the most. */
const GROWTH = 1.25;
const LONGEST_GAP_MS = 5_000;

/** When a call is asked for whose end somebody else should tell: first behind so many of the known ones, and a moment more. */
const RARE_BEHIND = 0.9;
const RARE_FACTOR = 1.25;
const RARE_MARGIN_MS = 2_000;
const RARE_UNKNOWN_MS = 15_000;
const RARE_LONGEST_GAP_MS = 60_000;

/** Steps through the numbers from 0 to 1 so that any few in a row are spread evenly. */
const GOLDEN_STEP = 0.618_034;

/** Knows when asking for an answer is likely to find one, from how long earlier calls took. */
export class PollTimes {
  private durations: number[] = [];
  private learned = 0;
  /** The poll times that are known to be good, in milliseconds from the beginning of a call. */
  private times = [FIRST_POLL_MS];
  private rareFromMs = RARE_UNKNOWN_MS;
  /** The greatest ages at which calls were seen running while none had ended yet, the greatest first. */
  private runningAt: number[] = [];

  /**
   * Takes note of how long a call took until its end was seen, in milliseconds. It ended at some time since the poll before, so what
   * many polls find is spread over that time. The first poll cannot see anything faster than itself, so what it finds counts as up
   * to two fifths faster: otherwise the first poll could only ever become later.
   *
   * @param atOnce its end was told just when it came, and not found by a poll
   */
  learn(seenAfterMs: number, atOnce = false): void {
    const since = atOnce ? seenAfterMs : Math.max(this.pollBefore(seenAfterMs), seenAfterMs * 0.6);
    const share = (++this.learned * GOLDEN_STEP) % 1;
    this.durations.push(since + (seenAfterMs - since) * share);
    if (this.durations.length < ENOUGH) return;
    if (this.durations.length > REMEMBERED) this.durations = this.durations.slice(-REMEMBERED / 2);
    if (this.durations.length % 10 !== 0) return;
    const sorted = this.durations.map((ms) => Math.max(ms, FIRST_POLL_MS)).sort((a, b) => a - b);
    this.times = placePolls(sorted);
    const most = sorted[Math.floor(sorted.length * RARE_BEHIND)]!;
    this.rareFromMs = most * RARE_FACTOR + RARE_MARGIN_MS;
  }

  /**
   * Takes note of a call that a poll found still running. As long as no call at all has ended, what the oldest ones
   * show holds for the others: thousands that wait for a slow model need not each be asked again and again.
   */
  stillRunning(elapsedMs: number): void {
    if (this.durations.length > 0 || elapsedMs <= (this.runningAt[ENOUGH - 1] ?? 0)) return;
    this.runningAt = [...this.runningAt, elapsedMs].sort((a, b) => b - a).slice(0, ENOUGH);
    this.times = [Math.max(FIRST_POLL_MS, this.runningAt[ENOUGH - 1] ?? 0)];
  }

  /**
   * Milliseconds from now to the next poll of a call that has been under way for `elapsedMs`. Poll times lie on a grid that
   * begins with the call, so waiting in several pieces (a pack asks again with every wave) polls no more often.
   */
  untilNext(elapsedMs: number): number {
    for (const at of this.grid()) if (at > elapsedMs) return at - elapsedMs;
    throw new Error('the grid has no end');
  }

  /** The same for a call whose end should be told by somebody else, and is asked for only to be sure. */
  untilRare(elapsedMs: number): number {
    let at = this.rareFromMs;
    while (at <= elapsedMs) at += Math.min(at, RARE_LONGEST_GAP_MS);
    return at - elapsedMs;
  }

  /** The poll before the one that saw the end. */
  private pollBefore(seenAfterMs: number): number {
    let [before, last] = [0, 0];
    for (const at of this.grid()) {
      if (at > seenAfterMs) break;
      [before, last] = [last, at];
    }
    return before;
  }

  private *grid(): Generator<number> {
    let last = 0;
    for (const at of this.times) {
      // A call that takes longer than most, and shorter than the longest, is not forgotten in between.
      while (last > 0 && at - last > LONGEST_GAP_MS) yield (last += LONGEST_GAP_MS);
      yield at;
      last = at;
    }
    for (;;) {
      const doubled = Math.min(last * 2, SELDOM_BEFORE_MS);
      last = Math.max(doubled, last + Math.min(LONGEST_GAP_MS, last * (GROWTH - 1) + 50));
      yield last;
    }
  }
}
