import type { TimeoutType } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure } from '@temporalio/common';
import { attemptsMade, failureCode, failureMessage, holderIsGone, isAway } from '../../workflows/failures';

const failed = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'awaitLlmCalls', '1', RetryState.TIMEOUT, undefined, cause);
const timeout = (type: TimeoutType) => failed(new TimeoutFailure('activity timed out', undefined, type));

describe('the message of a failure', () => {
  it('is that of its innermost cause, on one line', () => {
    const innermost = new Error('connection\n  terminated');
    const cause = ApplicationFailure.create({ message: 'enrich failed', cause: innermost });
    expect(failureMessage(failed(cause))).toBe('connection terminated');
  });

  it.each<[unknown, string]>([
    ['text', 'text'],
    [new Error(''), 'Error'],
    [undefined, 'undefined'],
  ])('is there for anything thrown: %p', (thrown, message) => {
    expect(failureMessage(thrown)).toBe(message);
  });

  it('of a confidential job is the one that Temporal is not shown', () => {
    const details = [{ attempt: 2, confidential: true, message: 'no Alice in the directory' }];
    const cause = ApplicationFailure.create({ message: 'hidden', details });
    expect(failureMessage(failed(cause))).toBe('no Alice in the directory');
    expect(attemptsMade(failed(cause), 5)).toBe(2);
  });

  it('is short enough for the history', () => {
    expect(failureMessage(new Error('x'.repeat(5_000)))).toHaveLength(1_000);
  });
});

describe('the worker that held calls open', () => {
  it('is gone when nobody took the task from its queue', () => {
    expect(holderIsGone(timeout('SCHEDULE_TO_START'))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['the work took too long', timeout('START_TO_CLOSE')],
    ['a heartbeat was missed', timeout('HEARTBEAT')],
    ['the work failed', failed(ApplicationFailure.retryable('x'))],
    ['something else timed out', new TimeoutFailure('timed out', undefined, 'SCHEDULE_TO_START')],
    ['nothing is known', new Error('x')],
  ])('is not taken for gone when %s', (_, error) => {
    expect(holderIsGone(error)).toBe(false);
  });
});

describe('a system that is away', () => {
  it('is told apart from a job in trouble', () => {
    expect(isAway(failed(ApplicationFailure.retryable('x', 'HW_UNAVAILABLE')))).toBe(true);
    expect(isAway(failed(ApplicationFailure.retryable('x', 'HW_ENRICH_FAILED')))).toBe(false);
    expect(isAway(timeout('HEARTBEAT'))).toBe(false);
    expect(isAway(new Error('HW_UNAVAILABLE'))).toBe(false);
  });

  it('never carries half of a surrogate pair, which makes the SDK give up on the worker', () => {
    expect(failureMessage(new Error('no \ud83d'))).toBe('no \ufffd');
  });
});

describe('what a stage gave a job up for', () => {
  const thrown = (type: string, attempt?: number) =>
    ApplicationFailure.create({ message: 'x', type, details: attempt === undefined ? [] : [{ attempt }] });

  it.each<[string, unknown, string | undefined]>([
    ['is the code it threw', failed(thrown('HW_ENRICH_TOO_LARGE')), 'HW_ENRICH_TOO_LARGE'],
    [
      'is the code it threw last before its time was over',
      failed(
        Object.assign(new TimeoutFailure('timed out', undefined, 'SCHEDULE_TO_CLOSE'), {
          cause: thrown('HW_LLM_RATE_LIMITED'),
        }),
      ),
      'HW_LLM_RATE_LIMITED',
    ],
    ['is not that a system is away', failed(thrown('HW_UNAVAILABLE')), undefined],
    ['is not known when something else threw', failed(thrown('TypeError')), undefined],
    ['is not a name every object has', failed(thrown('toString')), undefined],
    ['is not known when nothing was thrown', timeout('HEARTBEAT'), undefined],
  ])('%s', (_, error, code) => {
    expect(failureCode(error)).toBe(code);
  });

  it.each<[string, unknown, number]>([
    ['what the attempt said', failed(thrown('HW_ENRICH_FAILED', 3)), 3],
    ['one when nothing was said', timeout('SCHEDULE_TO_CLOSE'), 1],
    ['all when none was left', new ActivityFailure('x', 'x', '1', 'MAXIMUM_ATTEMPTS_REACHED', undefined), 5],
  ])('its attempts are %s', (_, error, attempts) => {
    expect(attemptsMade(error, 5)).toBe(attempts);
  });
});
