import { STATUS_CODES } from 'node:http';
import type { FastifyError } from 'fastify';
import { errorCodes, HeadwayError, sentence, type ErrorCode } from '../../contracts/errors';
import type { FieldProblem, Problem } from '../../contracts/problem';

/** HTTP status of each error that a request can meet, and after how many seconds it may be sent again. Every other one is 500. */
export const statuses: Partial<Record<ErrorCode, { status: number; retryAfter?: number }>> = {
  HW_REQUEST_INVALID: { status: 400 },
  HW_CURSOR_INVALID: { status: 400 },
  HW_WEBHOOK_REFUSED: { status: 400 },
  HW_UNAUTHENTICATED: { status: 401 },
  HW_FORBIDDEN: { status: 403 },
  HW_JOB_UNKNOWN: { status: 404 },
  HW_ROUTE_UNKNOWN: { status: 404 },
  HW_METHOD_NOT_ALLOWED: { status: 405 },
  HW_REQUEST_TIMEOUT: { status: 408 },
  HW_JOB_RUNNING: { status: 409 },
  HW_JOB_ENDED: { status: 409 },
  HW_JOB_NOT_FAILED: { status: 409 },
  HW_DEADLINE_EXCEEDED: { status: 409 },
  HW_RECORD_TOO_LARGE: { status: 413 },
  HW_MEDIA_TYPE: { status: 415 },
  HW_JOB_INVALID: { status: 422 },
  HW_PIPELINE_UNKNOWN: { status: 422 },
  HW_JOB_ID_TAKEN: { status: 422 },
  HW_RATE_LIMITED: { status: 429, retryAfter: 5 },
  HW_SERVER_UNREACHABLE: { status: 503, retryAfter: 5 },
  HW_NO_WORKER: { status: 503, retryAfter: 5 },
  HW_UNAVAILABLE: { status: 503, retryAfter: 5 },
  HW_PAYLOAD_UNREADABLE: { status: 503, retryAfter: 30 },
  HW_OVERLOADED: { status: 503, retryAfter: 2 },
  HW_SHUTTING_DOWN: { status: 503, retryAfter: 1 },
  HW_CANCEL_PENDING: { status: 504, retryAfter: 5 },
};

export const PROBLEM_JSON = 'application/problem+json';

interface Extras {
  errors?: FieldProblem[];
  /** The job it is about. */
  id?: string;
  /** Seconds, instead of those in the table. */
  retryAfter?: number;
  cause?: unknown;
}

/** An error of a request that knows more than its code and message. */
export class RequestProblem extends HeadwayError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly extras: Extras = {},
  ) {
    super(code, message, { cause: extras.cause });
  }
}

/** What is answered to whatever was thrown: the body and its headers. Nothing of a defect but that it was one. */
export function answerTo(error: unknown): { problem: Problem; headers: Record<string, string> } {
  const known = error instanceof HeadwayError ? error : fromFramework(error);
  const entry = statuses[known.code];
  const code = entry ? known.code : 'HW_INTERNAL';
  const extras = known instanceof RequestProblem ? known.extras : {};
  const { meaning, action } = { ...errorCodes[code], ...forClients[code] };
  const problem: Problem = {
    type: `urn:headway:problem:${code}`,
    title: meaning,
    status: entry?.status ?? 500,
    detail: entry ? sentence(withoutReason(known)) : 'the request failed; the log of the HTTP door says why',
    code,
    action,
    ...(extras.errors && { errors: extras.errors }),
    ...(extras.id !== undefined && { id: extras.id }),
  };
  const retryAfter = extras.retryAfter ?? entry?.retryAfter;
  return { problem, headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) } };
}

/** Where the registry speaks to whoever runs the servers, a client is told what it can do itself. */
const forClients: Partial<Record<ErrorCode, { meaning?: string; action: string }>> = {
  HW_SERVER_UNREACHABLE: {
    meaning: 'A server that the request needs does not answer.',
    action:
      'Send the request again after Retry-After: that is safe, for a new job with the id of this answer or the same Idempotency-Key.',
  },
};

/** Why a server does not answer is in the terms of gRPC, and of no use to a client. */
function withoutReason({ code, message }: HeadwayError): string {
  return code === 'HW_SERVER_UNREACHABLE'
    ? message.replace(/^(Temporal does not answer): .*$/s, '$1')
    : message;
}

/** What fastify itself finds wrong with a request. */
function fromFramework(error: unknown): HeadwayError {
  const { code = '', statusCode = 500 } = error as Partial<FastifyError>;
  const [known, message] = frameworkErrors[code] ?? [];
  if (known && message) return new HeadwayError(known, message);
  if (statusCode >= 400 && statusCode < 500) {
    return new HeadwayError('HW_REQUEST_INVALID', `${STATUS_CODES[statusCode]}`);
  }
  return new HeadwayError('HW_INTERNAL', 'unexpected', { cause: error });
}

const otherType =
  'content-type: must be application/json; for a batch application/x-ndjson; and absent where there is no body';
const frameworkErrors: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['HW_MEDIA_TYPE', otherType],
  FST_ERR_CTP_EMPTY_TYPE: ['HW_MEDIA_TYPE', otherType],
  FST_ERR_BAD_URL: ['HW_REQUEST_INVALID', 'the path is not percent-encoded as it should be'],
};

/** JSON pointer as a URI fragment. https://www.rfc-editor.org/rfc/rfc6901#section-6 */
export function pointerTo(path: readonly PropertyKey[]): string {
  return `#${path.map((part) => `/${encodeURIComponent(String(part).slice(0, 100).toWellFormed().replace(/~/g, '~0').replace(/\//g, '~1'))}`).join('')}`;
}
