import { ApiError } from './api-error';
import type { SimulatorOptions } from './options';

type Options = Pick<SimulatorOptions, 'requestsPerMinute' | 'tokensPerMinute' | 'limitBurstSeconds'>;
type Unit = 'requests' | 'tokens';

/** What was taken and refused so far, and what is left now, by model. */
export interface LimitCounts {
  taken: Record<Unit, number>;
  refused: Record<Unit, number>;
  left: Partial<Record<Unit, number>>;
}

/**
 * Limits a minute as the API enforces them: for each model a bucket of requests and one of tokens, refilled all the time, and told in the
 * headers of every answer. A refused request takes nothing. Times are real milliseconds: `timeScale` is not for them.
 * https://platform.openai.com/docs/guides/rate-limits
 */
export class RateLimits {
  private models = new Map<string, ModelLimits>();

  constructor(private readonly options: Options) {}

  get countTokens(): boolean {
    return this.options.tokensPerMinute !== undefined;
  }

  /**
   * Takes a request and its tokens.
   *
   * @returns the headers of the answer
   * @throws ApiError 429 when there is not enough left
   */
  take(model: string, tokens: number, nowMs: number): Record<string, string> {
    const limits = this.models.get(model) ?? new ModelLimits(this.options, nowMs);
    this.models.set(model, limits);
    return limits.take(model, { requests: 1, tokens }, nowMs);
  }

  /** Tokens of a call that has ended, where they are counted then. What is left may fall below zero. */
  charge(model: string, tokens: number, nowMs: number): void {
    this.models.get(model)?.charge(tokens, nowMs);
  }

  read(nowMs: number): Record<string, LimitCounts> {
    return Object.fromEntries([...this.models].map(([model, limits]) => [model, limits.read(nowMs)]));
  }

  reset(): void {
    this.models = new Map();
  }
}

class ModelLimits {
  private readonly counts = {
    taken: { requests: 0, tokens: 0 },
    refused: { requests: 0, tokens: 0 },
  };
  private readonly buckets: Bucket[];

  constructor({ requestsPerMinute, tokensPerMinute, limitBurstSeconds }: Options, nowMs: number) {
    const limits: [Unit, number | undefined][] = [
      ['requests', requestsPerMinute],
      ['tokens', tokensPerMinute],
    ];
    this.buckets = limits.flatMap(([unit, limit]) =>
      limit === undefined ? [] : [new Bucket(unit, limit, limitBurstSeconds, nowMs)],
    );
  }

  take(model: string, amount: Record<Unit, number>, nowMs: number): Record<string, string> {
    for (const bucket of this.buckets) bucket.refill(nowMs);
    const short = this.buckets.find((bucket) => bucket.left < bucket.needed(amount[bucket.unit]));
    if (short) {
      this.counts.refused[short.unit] += 1;
      throw refusal(model, short, amount[short.unit], this.headers());
    }
    for (const bucket of this.buckets) bucket.left -= amount[bucket.unit];
    this.counts.taken.requests += amount.requests;
    this.counts.taken.tokens += amount.tokens;
    return this.headers();
  }

  charge(tokens: number, nowMs: number): void {
    const bucket = this.buckets.find(({ unit }) => unit === 'tokens');
    if (!bucket) return;
    bucket.refill(nowMs);
    bucket.left -= tokens;
    this.counts.taken.tokens += tokens;
  }

  read(nowMs: number): LimitCounts {
    for (const bucket of this.buckets) bucket.refill(nowMs);
    return { ...this.counts, left: Object.fromEntries(this.buckets.map(({ unit, left }) => [unit, left])) };
  }

  private headers(): Record<string, string> {
    return Object.assign({}, ...this.buckets.map((bucket) => bucket.headers())) as Record<string, string>;
  }
}

class Bucket {
  left: number;
  private readonly capacity: number;
  private readonly perMs: number;

  constructor(
    readonly unit: Unit,
    readonly limit: number,
    burstSeconds: number,
    private at: number,
  ) {
    this.perMs = limit / 60_000;
    this.capacity = Math.max(1, (limit * burstSeconds) / 60);
    this.left = this.capacity;
  }

  refill(nowMs: number): void {
    this.left = Math.min(this.capacity, this.left + Math.max(0, nowMs - this.at) * this.perMs);
    this.at = nowMs;
  }

  /** One that is larger than the bucket passes when that is full; what is counted at its end passes while anything is left. */
  needed(amount: number): number {
    return Math.min(Math.max(amount, 1), this.capacity);
  }

  waitMs(amount: number): number {
    return Math.ceil((this.needed(amount) - this.left) / this.perMs);
  }

  headers(): Record<string, string> {
    return {
      [`x-ratelimit-limit-${this.unit}`]: String(this.limit),
      [`x-ratelimit-remaining-${this.unit}`]: String(Math.max(0, Math.floor(this.left))),
      [`x-ratelimit-reset-${this.unit}`]: duration((this.capacity - this.left) / this.perMs),
    };
  }
}

function refusal(model: string, bucket: Bucket, amount: number, headers: Record<string, string>): ApiError {
  const { unit, limit, left } = bucket;
  const waitMs = bucket.waitMs(amount);
  const short = unit === 'requests' ? 'RPM' : 'TPM';
  const message =
    `Rate limit reached for ${model} in organization org-simulator on ${unit} per min (${short}): ` +
    `Limit ${limit}, Used ${Math.round(limit - left)}, Requested ${amount}. Please try again in ${duration(waitMs)}.`;
  return new ApiError(
    429,
    { message, type: unit, code: 'rate_limit_exceeded' },
    {
      ...headers,
      'retry-after-ms': String(waitMs),
      'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))),
    },
  );
}

/** As the API writes it: `120ms`, `1.5s`, `6m0s`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms) / 1_000;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.round(seconds % 60)}s`;
}
