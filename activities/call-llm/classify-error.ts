import { APIConnectionError, APIError, APIUserAbortError } from 'openai';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { noUsage } from '../../contracts/no-usage';
import { isUnavailable } from '../../contracts/stage-errors';
import type { StageFailure } from '../../contracts/stages';
import { isNoJson, UnreadableAnswerError } from './unreadable-answer';

/** The parts of an error that say what was wrong with a request, in an answer with status 4xx or in a response that failed. */
export interface Rejection {
  code?: string | null;
  param?: string | null;
  message: string;
}

/** What gateways say when no provider stands behind them, and providers that have no room. */
const AWAY = [502, 503, 504, 529];

/**
 * A request that was with the provider for so long may well have been worked on. A provider that restarts or is away breaks requests off sooner, as a rule.
 */
const AT_WORK_MS = 10_000;

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
  if (error instanceof UnreadableAnswerError) return { kind: 'final', code: 'HW_INTERNAL', message };
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
  return { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message, shared: AWAY.includes(status), retryAfterMs };
}

/**
 * Whether a request to make a call failed so that the call may have been made, and be paid for:
 * - an answer came that cannot be read;
 * - it was sent, and has had no answer for a while: the provider may have taken it.
 *
 * What breaks off sooner is the same outage that others meet, in which calls are not to be counted: an hour of it would use up every ceiling of cost.
 *
 * @param lastedMs how long the request was under way
 * @param heldOpen it is answered only when the model is done, so a gateway that gives it up (504) may have given up a call at work
 */
export function mayHaveBeenMade(error: unknown, lastedMs: number, heldOpen = false): boolean {
  if (error instanceof HeadwayError) return false;
  if (error instanceof UnreadableAnswerError || isNoJson(error)) return true;
  if (lastedMs < AT_WORK_MS) return false;
  if (error instanceof APIError && error.status !== undefined) return heldOpen && error.status === 504;
  return !couldNotConnect(error);
}

/**
 * The outcome of a request to make a call that failed. One that may have been made is a call of unknown cost, and where the request was held open until the model is
 * done it is trouble of its own. A provider that takes no calls for minutes is an outage, however long it lets each request hang.
 */
export function failedRequest<Failure extends object>(failure: Failure, made: boolean, heldOpen = false) {
  const own = made && heldOpen && { shared: false };
  return { ...failure, ...own, usage: made ? { ...noUsage, llmCalls: 1 } : noUsage };
}

/** Whether there was no connection to send a request on. By its fields, since errors of Node.js come from outside of a test's sandbox. */
export function couldNotConnect(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { syscall, code, cause, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  if (syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  // All addresses of a host, when none took a connection.
  return [cause, ...(errors ?? [])].some((inner) => couldNotConnect(inner, depth + 1));
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
