import type { Amount, Limits } from './budget-store';
import type { RateLimitHeaders } from './rate-limit-headers';

/** Limits are per minute: after one, there is budget again whatever the provider says. */
const PAUSE_MAX_MS = 60_000;
/** Where a provider tells no limits, so many refusals without a call between them show that one is there. */
const REFUSALS_THAT_PAUSE = 3;

/** What the provider's answers say about its limits. */
export class ProviderLimits {
  private said: { limits: Limits; remaining: Limits; at: number } | undefined;
  private told: Limits = {};
  private refusals = 0;
  /** What it told is not in the store yet: that did not answer, or lacked the table. */
  isUnstored = false;

  /** Reads an answer. True when it told other limits than the one before. */
  note({ limits, remaining, sentAt: at = Date.now() }: RateLimitHeaders): boolean {
    if (remaining.requests !== undefined || remaining.tokens !== undefined)
      this.said = { limits, remaining, at };
    if (limits.requests === undefined && limits.tokens === undefined) return false;
    if (limits.requests === this.told.requests && limits.tokens === this.told.tokens) return false;
    this.told = { ...this.told, ...limits };
    return true;
  }

  /**
   * For how long, in ms, an answer to a call of so many tokens says that nothing is there; undefined when it does not say so.
   *
   * @param isLimited a limit is in force
   */
  pauseMs(
    { status, retryAfterMs, remaining }: RateLimitHeaders,
    tokens: number,
    isLimited: boolean,
  ): number | undefined {
    if (status < 300) this.refusals = 0;
    if (status !== 429) return undefined;
    this.refusals += 1;
    if (retryAfterMs === undefined) return undefined;
    const told = remaining.requests !== undefined || remaining.tokens !== undefined;
    const usedUp = (remaining.requests ?? 1) < 1 || (remaining.tokens ?? tokens) < tokens;
    const isLimit = told ? usedUp : isLimited || this.refusals >= REFUSALS_THAT_PAUSE;
    return isLimit ? Math.min(retryAfterMs, PAUSE_MAX_MS) : undefined;
  }

  /** What the provider said is left, and what has come back since. Said once: the next answer knows better. */
  takeRemaining(): Limits | undefined {
    const { said } = this;
    this.said = undefined;
    if (!said) return undefined;
    const agedMs = Date.now() - said.at;
    const now = (unit: keyof Amount) => {
      const remaining = said.remaining[unit];
      return remaining === undefined ? undefined : remaining + ((said.limits[unit] ?? 0) / 60_000) * agedMs;
    };
    return { requests: now('requests'), tokens: now('tokens') };
  }

  /** Whether less is configured than the provider allows. */
  isAbove(configuredTokens = Infinity): boolean {
    return configuredTokens < (this.told.tokens ?? 0);
  }

  /** Stores what was told, for all processes. @throws what `learn` throws; then it is still unstored */
  async store(learn: (limits: Limits) => Promise<void>): Promise<void> {
    const { told } = this;
    this.isUnstored = true;
    await learn(told);
    if (told === this.told) this.isUnstored = false;
  }
}
