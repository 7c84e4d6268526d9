import type { FaultName } from './fault-names';

interface ErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** An error as the OpenAI API answers it: a status, `{ error: { message, type, param, code } }`, some headers. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly body: ErrorBody;

  constructor(
    readonly status: number,
    body: Partial<ErrorBody> & { message: string },
    readonly headers: Record<string, string> = {},
  ) {
    super(body.message);
    this.body = { type: 'invalid_request_error', param: null, code: null, ...body };
  }
}

/**
 * The error of a fault.
 * @param retryAfterMs what a rate limit asks the client to wait, in real milliseconds
 */
export function errorOfFault(fault: FaultName, model: string, retryAfterMs: number): ApiError {
  if (fault === 'rate_limit') return rateLimited(model, retryAfterMs);
  if (fault === 'insufficient_quota') {
    return new ApiError(429, {
      message: 'You exceeded your current quota, please check your plan and billing details.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    });
  }
  if (fault === 'overloaded') {
    return new ApiError(503, {
      message: 'The engine is currently overloaded, please try again later.',
      type: 'service_unavailable_error',
      code: 'server_overloaded',
    });
  }
  if (fault === 'bad_request') {
    return new ApiError(400, {
      message: `The requested model '${model}' does not exist.`,
      param: 'model',
      code: 'model_not_found',
    });
  }
  return new ApiError(500, {
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    code: 'server_error',
  });
}

function rateLimited(model: string, retryAfterMs: number): ApiError {
  const seconds = retryAfterMs / 1000;
  return new ApiError(
    429,
    {
      message:
        `Rate limit reached for ${model} in organization org-simulator on requests per min (RPM): ` +
        `Limit 500, Used 500, Requested 1. Please try again in ${seconds}s.`,
      type: 'requests',
      code: 'rate_limit_exceeded',
    },
    {
      'retry-after-ms': String(Math.round(retryAfterMs)),
      'retry-after': String(Math.max(1, Math.ceil(seconds))),
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': `${seconds}s`,
    },
  );
}
