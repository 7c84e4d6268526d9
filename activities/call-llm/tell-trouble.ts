import { HIDDEN_MESSAGE, type Confidential } from '../../contracts/confidential';
import type { StageFailure } from '../../contracts/stages';
import type { Logger } from '../../runtime/logger';
import { redact } from '../../runtime/redact';
import { createSeldom } from '../../runtime/seldom';
import { classifyError } from './classify-error';
import type { ReadResponse } from './read-response';

const TELL_EVERY_MS = 60_000;
/** The provider's sentence, and not what it may quote of a request behind it. */
const REASON_MAX = 300;

export interface TroubleTeller {
  /** `classifyError`, and tells of what it finds. */
  ofError: (error: unknown, of?: Confidential) => ReturnType<typeof classifyError>;
  /** The same for what became of a call that the provider had accepted. Gives back what it is given. */
  ofOutcome: (outcome: ReadResponse, of?: Confidential) => ReadResponse;
}

/**
 * Tells of trouble which is waited out, for up to a day: a quota that is used up, a key that is refused, a provider that is
 * away. Once a minute for each error code. What fails a job is told with its result.
 */
export function createTroubleTeller(logger?: Pick<Logger, 'warn'>, now?: () => number): TroubleTeller {
  const seldom = createSeldom(TELL_EVERY_MS, now);
  return {
    ofError(error, of) {
      const failure = classifyError(error);
      const { status, code: providerCode } = (error ?? {}) as { status?: unknown; code?: unknown };
      tell(failure, { status, providerCode }, of);
      return failure;
    },
    ofOutcome(outcome, of) {
      if (outcome.kind === 'retry') tell(outcome, {}, of);
      return outcome;
    },
  };

  function tell({ kind, code, message }: Omit<StageFailure, 'endedAt'>, fields: object, of?: Confidential) {
    if (kind !== 'retry') return;
    const reason = of?.confidential ? HIDDEN_MESSAGE : redact(message).slice(0, REASON_MAX);
    seldom(code, (times) =>
      logger?.warn(
        { code, ...fields, reason, times },
        'the LLM provider does not answer calls; they are made again',
      ),
    );
  }
}

/** `ofError` of a teller, for those who have no other trouble. */
export function createErrorReader(
  logger?: Pick<Logger, 'warn'>,
  now?: () => number,
): TroubleTeller['ofError'] {
  return createTroubleTeller(logger, now).ofError;
}
