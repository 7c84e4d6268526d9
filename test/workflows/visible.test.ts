import { stillWanted, toJobState } from '../../workflows/visible';

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual<object>('@temporalio/workflow'),
  defineQuery: jest.fn(),
  defineUpdate: jest.fn(),
}));

test('the state of a job holds why its last call came to nothing, and not the answer that was bad', () => {
  const lastError = {
    code: 'HW_LLM_BAD_ANSWER',
    message: 'is not JSON',
    answer: 'x'.repeat(20_000),
  } as const;
  const state = toJobState({
    job: { id: 'a', pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } },
    ...{ stage: 'call-llm', status: 'running', startedAt: 0, llmAttempts: 1, repairs: 0, ownFailures: 0 },
    ...{ usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 }, llmMs: 0, lastError },
  });
  expect(state.lastError).toEqual({ code: 'HW_LLM_BAD_ANSWER', message: 'is not JSON' });
});

test('a cancel is refused once the time is past until which it was wanted, and never where none was named', () => {
  expect(() => stillWanted.validator('a', undefined, Date.now() - 1_000)).toThrow(
    /it was wanted until 1\d\d\d ms before/,
  );
  expect(() => stillWanted.validator('a', 'tenant', Date.now() + 60_000)).not.toThrow();
  expect(() => stillWanted.validator('a', 'tenant')).not.toThrow();
});
