/** Tokens of a call, or of several. */
export interface Tokens {
  /** What it uses: as estimated before it is made, as told when it has ended. */
  used: number;
  /** Its prompt and all that it may answer. */
  most: number;
}

/** What an answer of the provider said is left of its tokens. */
export interface Reading {
  remaining: number;
  /** A minute. */
  limit: number;
  /** So much can be saved up there. */
  capacity: number;
  /** When it was so, ms since 1970. */
  at: number;
}

/** What all processes did so far: `most` of the calls they made, and what was `used` by those that have ended. */
export type Totals = Tokens;

interface Sums extends Totals {
  counted: number;
}

/** Shorter stretches say little: what other processes did is reported a fraction of a second later. */
const STRETCH_MS = 1_000;
/** What was seen so long ago counts for a third. */
const MEMORY_MS = 30_000;
/** Longer than nearly all calls. */
const HISTORY_MS = 60_000;
/** From here on something may have been lost because no more can be saved up. */
const FULL = 0.95;
/** So much is to stay in the provider's bucket when a call is made, or half of what it can hold: away from refusals, and from losing what no longer fits in. */
const RESERVE_SECONDS = 3;
/** Between these lies what a provider may count, as part of `most` or of `used`. */
const LEAST_FACTOR = 0.05;
const GREATEST_FACTOR = 5;
/** Where the provider's bucket stays full although calls wait for tokens, so much of the factor is left a stretch. */
const TOO_MUCH = 0.8;

const nothing: Sums = { counted: 0, used: 0, most: 0 };

/**
 * How the provider counts tokens: some count all that a call may use when it is made, others what was used when it has ended. How fast `remaining` falls
 * tells which of the two comes closer, and what of it they count. Until that is known it is the first, as OpenAI and Azure document it; the second with a
 * provider that never says what is left.
 */
export class TokenCount {
  private basis: keyof Tokens = 'most';
  private factor = 1;
  private reading: Reading | undefined;
  private begin: { reading: Reading; totals: Totals } | undefined;
  /** Lately. What an answer says that was held until its call had ended is compared with what was done when it was made. */
  private history: { at: number; totals: Totals }[] = [];
  private countedLessAt = 0;
  private sums = nothing;
  /** What is in the provider's bucket, compared with what is to stay there. */
  private fullness = 1;

  /** What a call takes of the limit. It is never less than the lesser of the two. */
  of(call: Tokens): number {
    return Math.max(call[this.basis] * this.factor, Math.min(call.used, call.most)) * this.pull();
  }

  /** What comes back when a call for which so much was estimated has used so much. */
  settled(estimated: number, used: number): number {
    return this.basis === 'used' ? (estimated - used) * this.factor : 0;
  }

  /**
   * The answer to a call that took so much said what is left.
   *
   * @param ownLimit less is configured than the provider allows, so its bucket stays full, which is no reason to go faster
   */
  read(reading: Reading, taken: number, ownLimit: boolean): void {
    // Answers may come in another order than their calls were made in.
    if (this.reading && reading.at < this.reading.at) return;
    this.reading = reading;
    const { remaining, limit, capacity } = reading;
    const wanted = Math.min((capacity + taken) / 2, (limit / 60) * RESERVE_SECONDS + taken);
    const fullness = Math.max((remaining + taken) / wanted, 0.05);
    this.fullness = ownLimit ? Math.min(fullness, 1) : fullness;
  }

  /** An answer said nothing about tokens. */
  readNothing(): void {
    if (!this.reading) this.basis = 'used';
  }

  /**
   * Compares what the provider counted since the last time with what was done.
   *
   * @param isShort calls wait, and for nothing but tokens of the provider
   */
  learn(now: Totals, isShort: boolean, nowMs: number): void {
    this.history = this.history.filter(({ at }) => at > nowMs - HISTORY_MS);
    this.history.push({ at: nowMs, totals: now });
    const { reading, begin } = this;
    const totals = reading && this.history.findLast(({ at }) => at <= reading.at)?.totals;
    if (!totals) return;
    const elapsedMs = begin ? reading.at - begin.reading.at : Infinity;
    if (elapsedMs < STRETCH_MS) return;
    this.begin = { reading, totals };
    if (!begin || elapsedMs > MEMORY_MS || reading.limit !== begin.reading.limit) return;
    const done = { used: totals.used - begin.totals.used, most: totals.most - begin.totals.most };
    // A database that begins anew.
    if (done.used < 0 || done.most < 0) return;
    if (Math.max(levelOf(reading), levelOf(begin.reading)) > FULL) {
      // Once, until an answer tells what came of it.
      if (isShort && reading.at > this.countedLessAt) this.countLess(nowMs);
      return;
    }
    const refilled = (reading.limit / 60_000) * elapsedMs;
    const counted = begin.reading.remaining - reading.remaining + refilled;
    const kept = Math.exp(-elapsedMs / MEMORY_MS);
    this.sums = {
      counted: this.sums.counted * kept + counted,
      used: this.sums.used * kept + done.used,
      most: this.sums.most * kept + done.most,
    };
    this.choose();
  }

  /** What was lost by a full bucket is not known, so nothing can be measured. */
  private countLess(nowMs: number): void {
    this.countedLessAt = nowMs;
    this.sums = nothing;
    this.factor = Math.max(LEAST_FACTOR, this.factor * TOO_MUCH);
  }

  private choose(): void {
    const { counted, used, most } = this.sums;
    if (counted <= 0 || most <= 0) return;
    const [ofUsed, ofMost] = [used, most].map((one) => counted / Math.max(one, 1)) as [number, number];
    this.basis = Math.abs(Math.log(ofUsed)) < Math.abs(Math.log(ofMost)) ? 'used' : 'most';
    const factor = this.basis === 'used' ? ofUsed : ofMost;
    this.factor = Math.min(Math.max(factor, LEAST_FACTOR), GREATEST_FACTOR);
  }

  /** Leads the provider's bucket to where it is to be, whatever small error remains. Halving what is there makes calls 7 % dearer. */
  private pull(): number {
    return this.fullness ** -0.1;
  }
}

function levelOf({ remaining, capacity }: Reading): number {
  return remaining / capacity;
}
