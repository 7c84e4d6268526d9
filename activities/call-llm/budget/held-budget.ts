import { BURST_SECONDS, type Amount, type Limits } from './budget-store';
import type { Tokens } from './token-count';

/** So many seconds of its usual demand a process leases ahead. */
const AHEAD_SECONDS = 1;
/** Below this part of it more is leased. */
const LOW = 0.3;
/** Over this time the usual demand is averaged. */
const DEMAND_MS = 3_000;

const units = ['requests', 'tokens'] as const;

/** What a process says to the store with a lease. */
export interface Exchange {
  want: Amount;
  giveBack: Amount;
  done: Tokens;
}

/** What one process holds of a budget: leased ahead, and used up by its calls. Tokens may be negative: more was used than was leased. */
export class HeldBudget {
  private held: Amount = { requests: 0, tokens: 0 };
  private done: Tokens = { used: 0, most: 0 };
  private demand: Amount = { requests: 0, tokens: 0 };
  private arrived: Amount = { requests: 0, tokens: 0 };

  /** A call asks for so many tokens, whether it gets them or not. */
  asked(tokens: number): void {
    this.arrived.requests += 1;
    this.arrived.tokens += tokens;
  }

  fits(tokens: number): boolean {
    // Fractions are leased too, and their sum may miss a whole by a rounding error.
    return this.held.requests >= 1 - 1e-6 && this.held.tokens >= tokens - 1e-6;
  }

  /** Calls are held back by tokens alone. */
  lacksOnlyTokens(tokens: number): boolean {
    return this.held.requests >= 1 && this.held.tokens < tokens;
  }

  /** A call that takes so many tokens is made. */
  spend({ most }: Tokens, tokens: number): void {
    this.held.requests -= 1;
    this.held.tokens -= tokens;
    this.done.most += most;
  }

  /** A call has ended that used so many tokens; so many come back. */
  ended(used: number, back: number): void {
    this.done.used += used;
    this.held.tokens += back;
  }

  /** A call was refused, which costs a request and none of these tokens. */
  refund({ most }: Tokens, tokens: number): void {
    this.done.most -= most;
    this.held.tokens += tokens;
  }

  /** More has to be leased, so that a steady stream of calls never waits for the store. */
  isLow(): boolean {
    return this.held.requests < this.demand.requests * AHEAD_SECONDS * LOW;
  }

  /** Something can be given back. */
  isAny(): boolean {
    return this.held.requests > 0 || this.held.tokens !== 0;
  }

  countDemand(elapsedMs: number): void {
    const weight = Math.min(1, elapsedMs / DEMAND_MS);
    for (const unit of units) {
      const perSecond = (this.arrived[unit] / elapsedMs) * 1_000;
      this.demand[unit] = this.demand[unit] * (1 - weight) + perSecond * weight;
      this.arrived[unit] = 0;
    }
  }

  /** What is needed beyond what is held, and what is held beyond what is needed, which is given away. Debts go at once, for all to bear. */
  exchange(waiting: Amount): Exchange {
    const want = { requests: 0, tokens: 0 };
    const giveBack = { requests: 0, tokens: 0 };
    for (const unit of units) {
      const needed = waiting[unit] + this.demand[unit] * AHEAD_SECONDS;
      const surplus = this.held[unit] < 0 ? this.held[unit] : Math.max(0, this.held[unit] - needed);
      giveBack[unit] = surplus;
      this.held[unit] -= surplus;
      want[unit] = Math.max(0, needed - this.held[unit]);
    }
    const { done } = this;
    this.done = { used: 0, most: 0 };
    return { want, giveBack, done };
  }

  /** Gives everything away. */
  end(): Omit<Exchange, 'want'> {
    const giveBack = this.held;
    this.held = { requests: 0, tokens: 0 };
    return { giveBack, done: this.done };
  }

  add({ requests, tokens }: Amount): void {
    this.held.requests += requests;
    this.held.tokens += tokens;
  }

  /**
   * What the store was not told. A lease without an answer may have been carried out there all the same (`isSent`): then only what makes calls
   * slower is told again. Budget that is lost costs seconds of waiting, budget that is there twice is refused by the provider.
   *
   * @param isPaused the provider said meanwhile that nothing is there
   */
  putBack(
    { done, giveBack }: Omit<Exchange, 'want'>,
    { isSent, isPaused }: { isSent: boolean; isPaused: boolean },
  ): void {
    const again = (amount: number, isCertain: boolean) => (isCertain ? amount : Math.min(0, amount));
    this.done.used += again(done.used, !isSent);
    this.done.most += again(done.most, !isSent);
    this.held.requests += again(giveBack.requests, !isSent && !isPaused);
    this.held.tokens += again(giveBack.tokens, !isSent && !isPaused);
  }

  /**
   * Fills up without the store: with this share, 0 to 1, of what is refilled in so many milliseconds.
   *
   * @param firstTokens of the call whose turn it is, which has to fit
   */
  refill(limits: Limits, share: number, elapsedMs: number, firstTokens: number): void {
    const least = { requests: 1, tokens: firstTokens };
    for (const unit of units) {
      const perMs = ((limits[unit] ?? 1e12) / 60_000) * share;
      const most = Math.max(perMs * BURST_SECONDS * 1_000, least[unit]);
      this.held[unit] = Math.min(Math.max(most, this.held[unit]), this.held[unit] + perMs * elapsedMs);
    }
  }

  /** What was leased is not there: the provider says so. Debts stay. */
  drop(): void {
    this.held = { requests: 0, tokens: Math.min(0, this.held.tokens) };
  }
}
