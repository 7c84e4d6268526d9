import type { Logger } from '../../runtime/logger';
import { redact } from '../../runtime/redact';
import { createSeldom } from '../../runtime/seldom';
import { classifyError } from './classify-error';

const TELL_EVERY_MS = 60_000;
/** The provider's sentence, and not what it may quote of a request behind it. */
const REASON_MAX = 300;

/**
 * `classifyError` that tells of trouble which is waited out, for up to a day: a quota that is used up, a key that is refused, a provider that is
 * away. Once a minute for each error code. What fails a job is told with its result.
 */
export function createErrorReader(logger?: Pick<Logger, 'warn'>, now?: () => number): typeof classifyError {
  const seldom = createSeldom(TELL_EVERY_MS, now);
  return (error) => {
    const failure = classifyError(error);
    const { kind, code, message } = failure;
    if (kind === 'retry' && logger) {
      const { status, code: providerCode } = (error ?? {}) as { status?: unknown; code?: unknown };
      seldom(code, (times) =>
        logger.warn(
          { code, status, providerCode, reason: redact(message).slice(0, REASON_MAX), times },
          'the LLM provider does not answer calls; they are made again',
        ),
      );
    }
    return failure;
  };
}
