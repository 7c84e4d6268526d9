import type { ErrorCode } from '../contracts/errors';
import type { PipelinePolicy } from '../contracts/policy';
import type { BadAnswer, LlmCall, LlmOutcome } from '../contracts/stages';

/** How the calls of a job differ from its first one. */
export interface OtherCalls {
  /** An answer was cut off, so the calls after it may have more output. */
  raised?: true;
  /** The fallback model, once it is asked in place of the first. */
  fallback?: string;
  /** What was given up on the way, in order. */
  givenUp?: { model?: string; code: ErrorCode; message: string }[];
}

interface Progress extends OtherCalls {
  badAnswer?: BadAnswer;
  repairs: number;
}

type Unusable = Extract<LlmOutcome, { kind: 'bad-answer' | 'final' | 'retry' }>;

/**
 * What follows an answer that cannot be used, or a call that was rejected: `mend` it, `ask` otherwise (with room for more output, or the
 * fallback model), or undefined, when the job fails. Notes in `progress` how the next call differs.
 *
 * @param mayAsk called only where it would be asked otherwise: workflows of before, or on workers of before, knew no such call. What the
 * outcome tells is no proof of it, since the worker that made the call may be newer than the one that decided
 */
export function otherCall(
  progress: Progress,
  { llm }: PipelinePolicy,
  outcome: Unusable,
  mayAsk: () => boolean,
): 'mend' | 'ask' | undefined {
  if (outcome.kind === 'bad-answer' && progress.repairs < llm.repairAttempts) {
    progress.badAnswer = outcome;
    return 'mend';
  }
  const { code, message, model } = outcome;
  const giveUp = () => (progress.givenUp = [...(progress.givenUp ?? []), { model, code, message }]);
  const remedy = outcome.kind === 'bad-answer' ? 'other-model' : outcome.remedy;
  if (remedy === 'more-tokens' && !progress.raised && raisedTokens(llm) > llm.maxOutputTokens) {
    if (!mayAsk()) return undefined;
    giveUp();
    progress.raised = true;
    return 'ask';
  }
  const { fallbackModel } = llm;
  // A pipeline without `model` may have the model of the worker as its fallback.
  const isOther = fallbackModel !== undefined && fallbackModel !== model;
  if (remedy === undefined || !isOther || progress.fallback !== undefined || !mayAsk()) return undefined;
  giveUp();
  // Afresh: what another model got wrong would lead this one the same way.
  Object.assign(progress, { fallback: fallbackModel, badAnswer: undefined, repairs: 0 });
  return 'ask';
}

/** What the next call of a job asks for. */
export function modelAndTokens(
  { raised, fallback }: OtherCalls,
  { llm }: PipelinePolicy,
): Pick<LlmCall, 'model' | 'maxOutputTokens'> {
  const model = fallback ?? llm.model;
  const maxOutputTokens = raised ? raisedTokens(llm) : llm.maxOutputTokens;
  return { ...(model !== undefined && { model }), maxOutputTokens };
}

/** The message of a job that fails: what its last call came to, and what was given up before. */
export function withGivenUp(message: string, { fallback, givenUp = [] }: OtherCalls): string {
  const last = fallback === undefined ? message : `${message} (fallback model ${fallback})`;
  const before = givenUp.map((one) => `${one.model ?? 'the first model'}: ${one.message} (${one.code})`);
  return [last, ...before.reverse()].join('; before that, ');
}

function raisedTokens({ maxOutputTokens, raisedOutputTokens }: PipelinePolicy['llm']): number {
  return raisedOutputTokens ?? 2 * maxOutputTokens;
}
