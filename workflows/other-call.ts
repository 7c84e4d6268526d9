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

/** How the calls of a job went with the model that is asked now. */
export interface CallsSoFar {
  /** The answer the next LLM call shall mend. */
  badAnswer?: BadAnswer;
  repairs: number;
  /** Of these, calls that failed: the same repair was made again after them, and takes one of the attempts. */
  failedRepairs?: number;
  /** Its last call was not made, since its turn in the provider's limit was too far away. */
  returned?: boolean;
  /** Failed calls that were the job's own trouble. */
  ownFailures: number;
  /** When the first of these came, ms since 1970. */
  ownTroubleSince?: number;
  /** When calls began to fail, and how many answers the pack had by then. */
  trouble?: { since: number; answers: number };
}

type Progress = OtherCalls & CallsSoFar;

/** Those of kind `retry` are for `afterFailure`. */
type Unusable = Extract<LlmOutcome, { kind: 'bad-answer' | 'final' | 'retry' }>;

/**
 * What follows an answer that cannot be used, or a call that was rejected: `mend` it, `ask` otherwise (with room for more output, or the
 * fallback model), or undefined, when the job fails. Notes in `progress` how the next call differs.
 *
 * @param mayRepair called only where an answer would be mended since repairs have failed: in workflows of before each call of a repair took an attempt
 * @param mayAsk called only where it would be asked otherwise: workflows of before, or on workers of before, knew no such call. What the
 * outcome tells is no proof of it, since the worker that made the call may be newer than the one that decided
 */
export function otherCall(
  progress: Progress,
  { llm }: PipelinePolicy,
  outcome: Unusable,
  mayAsk: () => boolean,
  mayRepair: () => boolean,
): 'mend' | 'ask' | undefined {
  if (outcome.kind === 'bad-answer' && hasRepairLeft(progress, llm, mayRepair)) {
    progress.badAnswer = outcome;
    return 'mend';
  }
  const { code, message, model } = outcome;
  const giveUp = () => (progress.givenUp = [...(progress.givenUp ?? []), { model, code, message }]);
  const beyondModel = rejectsRaised(progress, outcome);
  const remedy = outcome.kind === 'bad-answer' || beyondModel ? 'other-model' : outcome.remedy;
  if (remedy === 'more-tokens' && !progress.raised && raisedTokens(llm) > llm.maxOutputTokens) {
    if (!mayAsk()) return undefined;
    giveUp();
    progress.raised = true;
    // The same repair is asked for once more, and counted once more when that is made.
    if (progress.badAnswer) progress.repairs -= 1;
    return 'ask';
  }
  const { fallbackModel } = llm;
  // A pipeline without `model` may have the model of the worker as its fallback.
  const isOther = fallbackModel !== undefined && fallbackModel !== model;
  if (remedy === undefined || !isOther || progress.fallback !== undefined || !mayAsk()) return undefined;
  giveUp();
  // Afresh: what another model got wrong would lead this one the same way, and its failures are not those of this one.
  Object.assign(progress, { fallback: fallbackModel, ...noCalls });
  if (beyondModel) progress.raised = undefined;
  return 'ask';
}

function hasRepairLeft(
  { repairs, failedRepairs = 0 }: CallsSoFar,
  { repairAttempts }: PipelinePolicy['llm'],
  mayRepair: () => boolean,
): boolean {
  if (repairs < repairAttempts) return true;
  return repairs - failedRepairs < repairAttempts && mayRepair();
}

const noCalls: CallsSoFar = {
  badAnswer: undefined,
  repairs: 0,
  failedRepairs: undefined,
  returned: undefined,
  ownFailures: 0,
  ownTroubleSince: undefined,
  trouble: undefined,
};

/**
 * What a job fails with, of its last outcome. A call that was rejected with more output than its model can have leaves it where it was: with
 * an answer that was cut off.
 */
export function failureOf<T extends Unusable>(progress: OtherCalls, outcome: T): T {
  return rejectsRaised(progress, outcome) ? { ...outcome, code: 'HW_LLM_INCOMPLETE' } : outcome;
}

/** Whether the model that was cut off just before now rejects the call that may have more output. */
function rejectsRaised({ raised, givenUp = [] }: OtherCalls, { kind, code, model }: Unusable): boolean {
  const before = givenUp.at(-1);
  const wasCutOff = before?.code === 'HW_LLM_INCOMPLETE' && before.model === model;
  return raised === true && kind === 'final' && code === 'HW_LLM_REJECTED' && wasCutOff;
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
