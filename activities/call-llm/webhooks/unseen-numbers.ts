/** A row that was begun becomes visible within this time, or never: a statement of the door is given up after 6 s. */
const LATE_MS = 10_000;
/** A gap that is wider was never rows: a server that crashed skips numbers. */
const MOST = 1_000;
/** So many before the very first that is seen may be just being written. */
const BEFORE_FIRST = 100;

/**
 * How far a table of numbered rows has been read. Rows become visible in another order than they got their numbers, so what was
 * skipped is asked for again for a while.
 */
export class UnseenNumbers {
  private readonly skipped = new Map<number, number>();
  private highest: number | undefined;

  /** The highest number seen; 0 before the first. */
  get last(): number {
    return this.highest ?? 0;
  }

  /** Numbers below it that may still appear. */
  missing(now = Date.now()): number[] {
    for (const [number, since] of this.skipped) if (now - since > LATE_MS) this.skipped.delete(number);
    return [...this.skipped.keys()];
  }

  /** Takes note of a number that was read. */
  see(number: number, now = Date.now()): void {
    this.skipped.delete(number);
    if (number <= this.last) return;
    const from = this.highest === undefined ? number - BEFORE_FIRST : this.highest + 1;
    for (let one = Math.max(1, from, number - MOST); one < number; one++) this.skipped.set(one, now);
    this.highest = number;
  }
}
