import { markOutcomes } from '../../../activities/call-llm/mark-outcomes';
import type { LlmCalls } from '../../../activities/call-llm/llm-calls';
import { noUsage } from '../../../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../../contracts/stages';

const outcome: LlmOutcome = { index: 3, kind: 'expired', startedAt: 1, endedAt: 2, usage: noUsage };
const handle: LlmHandle = { index: 3, jobId: 'j', pipeline: 'p', callId: 'c', startedAt: 1, timeoutAt: 2 };
const call: LlmCall = {
  index: 3,
  jobId: 'j',
  pipeline: 'p',
  prompt: { instructions: 'Be brief.', input: 'Alice' },
  maxOutputTokens: 1,
  timeoutMs: 1,
  attempt: 1,
};

/** Calls that know nothing of marks. */
const callsThatStart = (started: LlmHandle | LlmOutcome): LlmCalls =>
  markOutcomes({
    heldBy: 'queue',
    start: () => Promise.resolve(started),
    wait: () => Promise.resolve(outcome),
    cancel: () => Promise.resolve(),
  });

test.each<[string, LlmHandle | LlmOutcome]>([
  ['its handle', handle],
  ['an end without a call', outcome],
])('a confidential call is marked from its beginning to its end: %s', async (_, started) => {
  const calls = callsThatStart(started);
  expect(await calls.start({ ...call, confidential: true })).toEqual({ ...started, confidential: true });
  const signal = new AbortController().signal;
  expect(await calls.wait({ ...handle, confidential: true }, signal)).toEqual({
    ...outcome,
    confidential: true,
  });
  expect(calls.heldBy).toBe('queue');
});

test('others are not', async () => {
  const calls = callsThatStart(handle);
  expect(await calls.start(call)).toEqual(handle);
  expect(await calls.wait(handle, new AbortController().signal)).toEqual(outcome);
});
