/** One measure of how much Temporal has to do, in packs. */
export interface Load {
  /** In log fields and metrics. */
  name: string;
  /** In sentences: "packs waiting for a worker". */
  what: string;
  /** At this many the bridge pauses; at `low` it goes on. */
  high: number;
  low: number;
  /** How far behind a reading may be when it comes. Packs that were started since then are counted on top. */
  lagMs: number;
  /** @throws when Temporal does not say */
  read: () => Promise<number>;
}

/** A reading that old says nothing any more. */
const BLIND_AFTER_MS = 30_000;

/**
 * Whether a load is above its marks, with hysteresis. Between readings it counts the packs this bridge starts, so
 * that a mark is not passed by far. Without any reading for half a minute only those are left: the bridge neither stands still for
 * ever nor starts more than `high` packs in that time.
 */
export class WaterMark {
  /** True from `high` until `low`. */
  full = false;
  private reading = { value: 0, at: -Infinity };
  /** When packs were started, the latest last. */
  private starts: number[] = [];

  constructor(private readonly load: Load) {}

  started(): void {
    this.starts.push(Date.now());
    this.judge();
  }

  /** @param at when the reading was asked for */
  read(value: number, at: number): void {
    this.reading = { value, at };
    this.judge();
  }

  judge(): void {
    const level = this.level();
    if (level >= this.load.high) this.full = true;
    else if (level <= this.load.low) this.full = false;
  }

  level(): number {
    const { value, at } = this.reading;
    const blindSince = Date.now() - BLIND_AFTER_MS;
    const known = at > blindSince;
    const countFrom = known ? at - this.load.lagMs : blindSince;
    while ((this.starts[0] ?? Infinity) < countFrom) this.starts.shift();
    return (known ? value : 0) + this.starts.length;
  }
}
