import { APIConnectionError, APIError, APIUserAbortError } from 'openai';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { isUnavailable } from '../../contracts/stage-errors';
import type { StageFailure } from '../../contracts/stages';

/** The parts of an error that say what was wrong with a request, in an answer with status 4xx or in a response that failed. */
export interface Rejection {
  code?: string | null;
  param?: string | null;
  message: string;
}

/** However long a provider asks to wait: jobs have deadlines, and limits are raised. */
const RETRY_AFTER_MAX_MS = 10 * 60_000;

/**
 * What an error of the `openai` client means. 408, 409, 429 and 5xx may pass, as may trouble with the network; every other 4xx
 * but 401 says that this request will never be taken. `x-should-retry` overrules, as it does in the client itself.
 */
export function classifyError(error: unknown): Omit<StageFailure, 'endedAt'> {
  const message = messageOf(error);
  // Ours: the request cannot be made at all.
  if (error instanceof HeadwayError) return { kind: 'final', code: error.code, message };
  // Aborted is what our own timer does to a request that hangs.
  const unreachable = error instanceof APIConnectionError || error instanceof APIUserAbortError;
  if (unreachable || isUnavailable(error)) {
    return { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message, shared: true };
  }
  if (!(error instanceof APIError) || error.status === undefined) {
    return { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message };
  }
  const { status } = error as { status: number };
  const headers = error.headers as Headers | undefined;
  const asked = readRetryAfter(headers);
  const retryAfterMs = asked === undefined ? undefined : Math.min(asked, RETRY_AFTER_MAX_MS);
  // A key that was revoked or not yet replaced is trouble of all jobs, and thousands of them must not fail for it.
  if (status === 401) return { kind: 'retry', code: 'HW_LLM_REJECTED', message, shared: true };
  const isFull = status === 400 && isFullQueue(message);
  if (!isFull && !shouldRetry(status, headers)) {
    const remedy = mayBeAboutModel(status) && isAboutModel(error) ? 'other-model' : undefined;
    return { kind: 'final', code: 'HW_LLM_REJECTED', message, ...(remedy && { remedy }) };
  }
  if (isFull || status === 429)
    return { kind: 'retry', code: 'HW_LLM_RATE_LIMITED', message, shared: true, retryAfterMs };
  return { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message, shared: status === 503, retryAfterMs };
}

/**
 * Whether another model might take the request: this one does not exist, is not ours, or cannot or must not do what is asked. Providers say
 * it with several codes, or in the message alone. One that is wrongly taken for it costs a call, of which the fallback model may make an
 * answer or be rejected too.
 */
export function isAboutModel({ code, param, message }: Rejection): boolean {
  const said = `${code} ${param} ${message}`;
  return /model|deployment|context_length|content_filter|content_policy|invalid_prompt/i.test(said);
}

/** What OGX says, with status 400, to a call for which its background has no room: nothing is wrong with the call. */
function isFullQueue(message: string): boolean {
  return /queue is full/i.test(message);
}

function mayBeAboutModel(status: number): boolean {
  return [400, 403, 404, 422].includes(status);
}

function shouldRetry(status: number, headers: Headers | undefined): boolean {
  const told = headers?.get('x-should-retry');
  if (told === 'true' || told === 'false') return told === 'true';
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** Milliseconds to wait: `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, section 10.2.3). */
export function readRetryAfter(headers: Headers | undefined, now = Date.now()): number | undefined {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const header = headers?.get('retry-after') ?? '';
  const seconds = Number.parseFloat(header);
  if (seconds >= 0) return seconds * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
