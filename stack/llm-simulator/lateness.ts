/** So many are kept, the latest. */
const KEPT = 100_000;

/** How long after the end of each background call somebody asked and saw it, in milliseconds. */
export class Lateness {
  private seen: number[] = [];

  note(lateMs: number): void {
    this.seen.push(lateMs);
    if (this.seen.length > KEPT) this.seen = this.seen.slice(-KEPT / 2);
  }

  /** Zeros while nothing was seen. */
  read(): { count: number; p50: number; p95: number; max: number } {
    const sorted = [...this.seen].sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
  }

  reset(): void {
    this.seen = [];
  }
}
