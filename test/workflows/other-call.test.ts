import { policySchema, type PipelinePolicy } from '../../contracts/policy';
import type { LlmOutcome } from '../../contracts/stages';
import * as otherCalls from '../../workflows/other-call';

const ended = {
  index: 0,
  startedAt: 0,
  endedAt: 1,
  usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
};
const { failureOf, modelAndTokens, withGivenUp } = otherCalls;
const otherCall = (...[progress, policy, outcome, mayAsk = () => true, mayRepair = () => true]: Ask) =>
  otherCalls.otherCall(progress, policy, outcome, mayAsk, mayRepair);
type Ask = [Progress, PipelinePolicy, Unusable, (() => boolean)?, (() => boolean)?];
type Unusable = Parameters<typeof otherCalls.otherCall>[2];

const bad = (model: string): Unusable => ({
  ...{ ...ended, kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER' },
  ...{ message: 'answer.score: is missing', answer: '{}', model },
});
const final = (
  model: string,
  parts: Partial<Extract<LlmOutcome, { kind: 'retry' | 'final' }>>,
): Unusable => ({
  ...{ ...ended, kind: 'final', code: 'HW_LLM_REFUSED', message: 'the model refused: no', model },
  ...parts,
});
const refused = (model: string) => final(model, { remedy: 'other-model' });
const cutOff = (model: string) =>
  final(model, { code: 'HW_LLM_INCOMPLETE', message: 'cut', remedy: 'more-tokens' });

type Progress = Parameters<typeof otherCalls.otherCall>[0];
const progress = (): Progress => ({ repairs: 0, ownFailures: 0 });

const both = policySchema.parse({ llm: { model: 'one', fallbackModel: 'two', repairAttempts: 1 } });
const alone = policySchema.parse({ llm: { repairAttempts: 1 } });

describe('an answer that cannot be used', () => {
  it('is mended by the model that gave it, then asked of the fallback model afresh, which may mend its own', () => {
    const job = progress();
    expect(otherCall(job, both, bad('one'))).toBe('mend');
    expect(job).toMatchObject({ badAnswer: { answer: '{}' } });
    job.repairs += 1;
    expect(modelAndTokens(job, both).model).toBe('one');

    expect(otherCall(job, both, bad('one'))).toBe('ask');
    expect(job).toMatchObject({ badAnswer: undefined, repairs: 0, fallback: 'two' });
    expect(modelAndTokens(job, both).model).toBe('two');

    expect(otherCall(job, both, bad('two'))).toBe('mend');
    job.repairs += 1;
    expect(otherCall(job, both, bad('two'))).toBeUndefined();
  });

  it('is mended as often as the policy says, calls of a repair that failed aside', () => {
    const job = { ...progress(), repairs: 3, failedRepairs: 3 };
    expect(otherCall(job, both, bad('one'))).toBe('mend');
    job.repairs += 1;
    expect(otherCall(job, both, bad('one'))).toBe('ask');
    expect(job).toMatchObject({ repairs: 0, failedRepairs: undefined, fallback: 'two' });
  });

  it('is mended as before in workflows of before, which are asked only where that makes a difference', () => {
    const mayRepair = jest.fn(() => false);
    const ask = (repairs: number, failedRepairs?: number) =>
      otherCall({ ...progress(), repairs, failedRepairs }, alone, bad('any'), undefined, mayRepair);
    expect([ask(0), ask(1), ask(2, 1)]).toEqual(['mend', undefined, undefined]);
    expect(mayRepair).not.toHaveBeenCalled();
    expect(ask(1, 1)).toBeUndefined();
    expect(mayRepair).toHaveBeenCalledTimes(1);
  });

  it('fails its job where there is no fallback model', () => {
    const job = { ...progress(), repairs: 1 };
    expect(otherCall(job, alone, bad('any'))).toBeUndefined();
    expect(otherCall(progress(), alone, refused('any'))).toBeUndefined();
  });

  it('is not asked of the same model again, which may be that of the worker', () => {
    const policy = policySchema.parse({ llm: { fallbackModel: 'of-the-worker' } });
    expect(otherCall(progress(), policy, refused('of-the-worker'))).toBeUndefined();
    expect(otherCall(progress(), policy, refused('another'))).toBe('ask');
  });

  it('goes to the fallback model once', () => {
    const job = progress();
    expect(otherCall(job, both, refused('one'))).toBe('ask');
    expect(otherCall(job, both, refused('two'))).toBeUndefined();
    // Nor again where a worker does not say which model it asked.
    expect(otherCall(job, both, { ...refused('two'), model: undefined })).toBeUndefined();
  });

  it('stays final where no other call would help', () => {
    expect(otherCall(progress(), both, final('one', { code: 'HW_COST_CEILING' }))).toBeUndefined();
  });
});

it('a fallback model begins without the failures of the first one', () => {
  const job = { ...progress(), ownFailures: 4, trouble: { since: 1, answers: 0 }, returned: true };
  expect(otherCall(job, both, refused('one'))).toBe('ask');
  expect(job).toMatchObject({ ownFailures: 0, trouble: undefined, returned: undefined });
});

describe('an answer that was cut off', () => {
  it('is asked for once more with twice the tokens, then of the fallback model with as many', () => {
    const job = progress();
    expect(modelAndTokens(job, both)).toEqual({ model: 'one', maxOutputTokens: 4_096 });
    expect(otherCall(job, both, cutOff('one'))).toBe('ask');
    expect(modelAndTokens(job, both)).toEqual({ model: 'one', maxOutputTokens: 8_192 });
    expect(otherCall(job, both, cutOff('one'))).toBe('ask');
    expect(modelAndTokens(job, both)).toEqual({ model: 'two', maxOutputTokens: 8_192 });
    expect(otherCall(job, both, cutOff('two'))).toBeUndefined();
  });

  it('that was a repair is the same repair once more', () => {
    const policy = policySchema.parse({ llm: { repairAttempts: 2 } });
    const job = progress();
    expect(otherCall(job, policy, bad('any'))).toBe('mend');
    job.repairs += 1;
    expect(otherCall(job, policy, cutOff('any'))).toBe('ask');
    // By the next call, which asks for it.
    job.repairs += 1;
    expect(job).toMatchObject({ repairs: 1, badAnswer: { answer: '{}' } });
    expect(otherCall(job, policy, bad('any'))).toBe('mend');
  });

  it('is asked of the fallback model with as many as before when its model cannot have more', () => {
    const job = progress();
    const beyond = final('one', { code: 'HW_LLM_REJECTED', message: '400 at most 4096' });
    otherCall(job, both, cutOff('one'));
    expect(otherCall(job, both, beyond)).toBe('ask');
    expect(modelAndTokens(job, both)).toEqual({ model: 'two', maxOutputTokens: 4_096 });
    expect(otherCall(job, both, cutOff('two'))).toBe('ask');
    expect(modelAndTokens(job, both)).toEqual({ model: 'two', maxOutputTokens: 8_192 });
  });

  it('is what its job fails with when its model cannot have more, and there is no other', () => {
    const job = progress();
    const beyond = final('any', { code: 'HW_LLM_REJECTED', message: '400 at most 4096' });
    otherCall(job, alone, cutOff('any'));
    expect(otherCall(job, alone, beyond)).toBeUndefined();
    expect(failureOf(job, beyond)).toMatchObject({ code: 'HW_LLM_INCOMPLETE', message: '400 at most 4096' });
    expect(failureOf(progress(), beyond).code).toBe('HW_LLM_REJECTED');
    const refusal = refused('any');
    expect(failureOf(job, refusal)).toBe(refusal);
  });

  it('may have what the policy says', () => {
    const policy = policySchema.parse({ llm: { maxOutputTokens: 100, raisedOutputTokens: 150 } });
    const job = progress();
    expect(otherCall(job, policy, cutOff('any'))).toBe('ask');
    expect(modelAndTokens(job, policy)).toEqual({ maxOutputTokens: 150 });
  });

  it('is not asked for again where the policy raises nothing', () => {
    const policy = policySchema.parse({ llm: { maxOutputTokens: 100, raisedOutputTokens: 100 } });
    expect(otherCall(progress(), policy, cutOff('any'))).toBeUndefined();
  });

  it('is found in a pack that was started before there was anything to raise', () => {
    const job = progress();
    expect(otherCall(job, alone, cutOff('any'))).toBe('ask');
    // An older worker did not say what would help, and its histories go on as they did.
    expect(otherCall(progress(), alone, final('any', { code: 'HW_LLM_INCOMPLETE' }))).toBeUndefined();
  });
});

describe('in a workflow that did not know such calls', () => {
  it.each([bad('one'), refused('one'), cutOff('one')])('a job fails as it did: $code', (outcome) => {
    const job = { ...progress(), repairs: 1 };
    const before = structuredClone(job);
    expect(otherCall(job, both, outcome, () => false)).toBeUndefined();
    expect(job).toEqual(before);
  });

  it('is not asked for where no other call would be made, which would leave a mark in each history', () => {
    const mayAsk = jest.fn(() => true);
    otherCall(progress(), both, bad('one'), mayAsk);
    otherCall({ ...progress(), repairs: 1 }, alone, bad('one'), mayAsk);
    otherCall(progress(), both, final('one', { code: 'HW_COST_CEILING' }), mayAsk);
    expect(mayAsk).not.toHaveBeenCalled();
  });
});

it('what a job failed with names each model and what was wrong with it, the last one first', () => {
  const job = progress();
  otherCall(job, both, cutOff('one'));
  otherCall(job, both, refused('one'));
  expect(withGivenUp('answer: is empty', job)).toBe(
    'answer: is empty (fallback model two); before that, one: the model refused: no (HW_LLM_REFUSED); before that, one: cut (HW_LLM_INCOMPLETE)',
  );
  expect(withGivenUp('answer: is empty', progress())).toBe('answer: is empty');
});
