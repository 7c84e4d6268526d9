import type { FastifyRequest } from 'fastify';
import type { SubmitOptions } from '../jobs/jobs';

/** Trace context that does not follow the standard is dropped, as the standard asks. https://www.w3.org/TR/trace-context/ */
export function traceOf({ headers }: FastifyRequest): Pick<SubmitOptions, 'traceparent' | 'tracestate'> {
  const { traceparent, tracestate } = headers;
  if (
    typeof traceparent !== 'string' ||
    !/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparent)
  ) {
    return {};
  }
  const state = typeof tracestate === 'string' && /^[ -~]{1,512}$/.test(tracestate) ? tracestate : undefined;
  return { traceparent, tracestate: state };
}
