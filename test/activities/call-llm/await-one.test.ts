import { MockActivityEnvironment } from '@temporalio/testing';
import { createCallLlm } from '../../../activities/call-llm';
import { awaitOne } from '../../../activities/call-llm/await-one';
import type { LlmCalls } from '../../../activities/call-llm/llm-calls';
import { HeadwayError } from '../../../contracts/errors';
import { noUsage } from '../../../contracts/no-usage';
import { UnavailableError } from '../../../contracts/stage-errors';
import type { LlmHandle, LlmOutcome } from '../../../contracts/stages';

const handleOf = (index: number, more: Partial<LlmHandle> = {}): LlmHandle => ({
  ...{ index, jobId: `job-${index}`, pipeline: 'p', callId: `resp_${index}`, startedAt: 7, timeoutAt: 0 },
  ...more,
});
const answered = (index: number): LlmOutcome => ({
  ...{ index, startedAt: 7, endedAt: 8, usage: noUsage },
  ...{ kind: 'answer', answer: {}, citations: [], model: 'm' },
});
const callsThat = (wait: (handle: LlmHandle) => LlmOutcome): LlmCalls => ({
  start: () => Promise.reject(new Error('not asked for')),
  // Not in the same turn: the others are to be heard too.
  wait: async (handle) => (await new Promise((resolve) => setImmediate(resolve)), wait(handle)),
  cancel: async () => undefined,
});
const priority = { priorityKey: 3 };
const waitFor = (
  error: unknown,
  handle = handleOf(0),
  signal = new AbortController().signal,
  attempt = 1,
) => {
  const calls = callsThat(() => {
    throw error;
  });
  return awaitOne(calls, handle, signal, priority, attempt, 1);
};

async function awaitAll(llmCalls: LlmCalls, handles: LlmHandle[]): Promise<LlmOutcome[]> {
  const { awaitLlmCalls } = createCallLlm({ llmCalls });
  const { outcomes } = await new MockActivityEnvironment().run<
    [{ handles: LlmHandle[] }],
    { outcomes: LlmOutcome[] },
    typeof awaitLlmCalls
  >(awaitLlmCalls, { handles });
  return outcomes;
}

it('a defect that the answer of one call meets is the end of that call, and the others of its wave have theirs', async () => {
  const llmCalls = callsThat(({ index }) => {
    if (index === 1) throw new TypeError('x is not a function');
    return answered(index);
  });
  const outcomes = await awaitAll(llmCalls, [handleOf(0), handleOf(1), handleOf(2)]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['answer', 'final', 'answer']);
  expect(outcomes[1]).toMatchObject({
    ...{ index: 1, startedAt: 7, code: 'HW_INTERNAL', usage: { llmCalls: 1 } },
    message: 'The answer could not be read: TypeError: x is not a function',
  });
});

it('a call of a confidential job says so in that outcome', async () => {
  const outcome = await waitFor(new TypeError('secret'), handleOf(0, { confidential: true }));
  expect(outcome).toMatchObject({ kind: 'final', confidential: true });
});

it.each([
  ['a pipeline that only other workers have', new HeadwayError('HW_PIPELINE_UNKNOWN', 'not here')],
  ['a system that is away', new UnavailableError('away')],
])('is thrown, since the next attempt may do better: %s', async (_, error) => {
  await expect(waitFor(error)).rejects.toBe(error);
});

it('a pipeline that no worker has ends a call that has had its time, after some attempts', async () => {
  const signal = new AbortController().signal;
  const unknown = new HeadwayError('HW_PIPELINE_UNKNOWN', 'pipeline: "p" is not installed');
  const past = handleOf(0, { timeoutAt: Date.now() - 1, confidential: true });
  await expect(waitFor(unknown, past, signal, 10)).rejects.toBe(unknown);
  await expect(waitFor(unknown, past, signal, 11)).resolves.toMatchObject({
    ...{ kind: 'final', code: 'HW_PIPELINE_UNKNOWN', message: unknown.message, confidential: true },
    usage: { llmCalls: 1 },
  });
  const running = handleOf(0, { timeoutAt: Date.now() + 60_000 });
  await expect(waitFor(unknown, running, signal, 11)).rejects.toBe(unknown);
  await expect(waitFor(new UnavailableError('away'), past, signal, 11)).rejects.toThrow('away');
});

it('the others of a wave have their outcomes while a call waits for a worker that has its pipeline', async () => {
  const llmCalls = callsThat(({ index }) => {
    if (index === 0) throw new HeadwayError('HW_PIPELINE_UNKNOWN', 'not here');
    return answered(index);
  });
  const outcomes = await awaitAll(llmCalls, [handleOf(0), handleOf(1)]);
  expect(outcomes).toMatchObject([{ index: 1, kind: 'answer' }]);
});

it('an activity that has to stop does stop, and no outcome is made of that', async () => {
  const abort = new AbortController();
  abort.abort(new Error('the worker stops'));
  await expect(waitFor(new TypeError('cut off'), handleOf(0), abort.signal)).rejects.toThrow(
    'the worker stops',
  );
});

it('what was set aside for a call whose answer cannot be read is spent, for its job and for its tenant', async () => {
  const cancelled: string[] = [];
  const calls: LlmCalls = {
    ...callsThat(() => {
      throw new TypeError('x is not a function');
    }),
    cancel: ({ callId }) => Promise.resolve(void cancelled.push(callId)),
  };
  const handle = handleOf(0, { held: { nanoUsd: 5, id: 'reserved' } });
  const outcome = await awaitOne(calls, handle, new AbortController().signal, priority);
  expect(outcome).toMatchObject({ kind: 'final', atMostNanoUsd: 5 });
  expect(cancelled).toEqual([handle.callId]);
});
