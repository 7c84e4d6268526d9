import { MockActivityEnvironment } from '@temporalio/testing';
import { createCallLlm } from '../../../activities/call-llm';
import type { LlmCall, StartedCalls } from '../../../contracts/stages';
import { llmCall } from '../support';

it('startLlmCalls accounts for every call: each is a handle or an outcome, however long the outcomes are', async () => {
  const { startLlmCalls } = createCallLlm({
    llmCalls: {
      start: async ({ index }) => ({
        index,
        startedAt: 0,
        endedAt: 0,
        kind: 'final',
        code: 'HW_LLM_REJECTED',
        message: '漢'.repeat(1_000),
        usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 0 },
      }),
      wait: () => Promise.reject(new Error()),
      cancel: async () => undefined,
    },
  });
  const calls = Array.from({ length: 200 }, (_, index) => llmCall({ index }));
  const started = await new MockActivityEnvironment().run<
    [{ calls: LlmCall[] }],
    StartedCalls,
    typeof startLlmCalls
  >(startLlmCalls, { calls });
  expect(started.handles.length + started.outcomes.length).toBe(200);
});
