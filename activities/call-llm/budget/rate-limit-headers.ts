import { readRetryAfter } from '../classify-error';
import type { Limits } from './budget-store';

/** What the headers of one answer of the provider say about its limits. */
export interface RateLimitHeaders {
  /** A minute. */
  limits: Limits;
  remaining: Limits;
  /** How many tokens can be saved up at the provider. */
  tokenCapacity?: number;
  status: number;
  /** When the request was sent, ms since 1970. What is told was so then: an answer that is held until the call has ended is old. */
  sentAt?: number;
  retryAfterMs?: number;
}

/** Limits of a day are told by the same headers; they are not for us to spread over it. */
const LONGEST_PERIOD_SECONDS = 90;

/** Reads `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`, which OpenAI and most others send, and `retry-after`. */
export function readRateLimitHeaders(status: number, headers: Headers): RateLimitHeaders {
  const read: RateLimitHeaders = { limits: {}, remaining: {}, status };
  for (const unit of ['requests', 'tokens'] as const) {
    const limit = number(headers.get(`x-ratelimit-limit-${unit}`));
    const remaining = number(headers.get(`x-ratelimit-remaining-${unit}`));
    if (limit === undefined || limit <= 0) continue;
    const reset = readDuration(headers.get(`x-ratelimit-reset-${unit}`));
    if (isLongerThanMinute(limit, remaining, reset)) continue;
    read.limits[unit] = limit;
    if (remaining === undefined) continue;
    read.remaining[unit] = remaining;
    // What is missing comes back within `reset`, so this is right also where less than a minute can be saved up.
    const capacity = reset === undefined ? limit : remaining + (limit / 60) * reset;
    if (unit === 'tokens' && capacity > 0) read.tokenCapacity = capacity;
  }
  const retryAfterMs = readRetryAfter(headers);
  return retryAfterMs === undefined ? read : { ...read, retryAfterMs };
}

/** What is used comes back within `reset`, so the whole limit does in the period it is for. */
function isLongerThanMinute(limit: number, remaining?: number, resetSeconds?: number): boolean {
  if (remaining === undefined || resetSeconds === undefined || resetSeconds < 1 || remaining >= limit)
    return false;
  return (limit * resetSeconds) / (limit - remaining) > LONGEST_PERIOD_SECONDS;
}

const seconds = { h: 3_600, m: 60, s: 1, ms: 0.001 } as const;

/** Seconds of `6m0s`, `1.5s` or `120ms`; undefined for anything else. */
export function readDuration(text: string | null): number | undefined {
  if (text === null || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    sum += Number(value) * seconds[unit as keyof typeof seconds];
  }
  return sum;
}

function number(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
