import { MockActivityEnvironment } from '@temporalio/testing';
import { createCallLlm } from '../../../activities/call-llm';
import type { LlmCall, LlmHandle, StartedCalls } from '../../../contracts/stages';
import { llmCall } from '../support';

const handleOf = (index: number): LlmHandle => ({
  ...{ index, jobId: 'job', pipeline: 'p', callId: `resp_${index}`, startedAt: 0, timeoutAt: 0 },
});

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** An activity that makes so many calls, of which the provider takes one after the other. */
function making(count: number) {
  const takers: (() => void)[] = [];
  const { startLlmCalls } = createCallLlm({
    llmCalls: {
      start: ({ index }) => new Promise((resolve) => takers.push(() => resolve(handleOf(index)))),
      wait: () => new Promise(() => undefined),
      cancel: async () => undefined,
    },
  });
  const environment = new MockActivityEnvironment();
  const told: number[] = [];
  environment.on('heartbeat', (handles: LlmHandle[]) => told.push(handles.length));
  const calls = Array.from({ length: count }, (_, index) => llmCall({ index }));
  const ended = environment.run<[{ calls: LlmCall[] }], StartedCalls, typeof startLlmCalls>(startLlmCalls, {
    calls,
  });
  const take = async (some: number) => {
    for (const taker of takers.splice(0, some)) taker();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { environment, told, ended, take };
}

test('of each ten calls the ids are told at once', async () => {
  const { told, take } = making(50);
  await take(9);
  expect(told).toEqual([]);
  await take(1);
  expect(told).toEqual([10]);
  await take(25);
  expect(told.slice(1)).toEqual([20, 30]);
});

test('no id is untold for longer than a quarter of a second', async () => {
  const { told, take } = making(50);
  await take(1);
  await jest.advanceTimersByTimeAsync(200);
  await take(1);
  await jest.advanceTimersByTimeAsync(49);
  expect(told).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(told).toEqual([2]);
  await take(1);
  await jest.advanceTimersByTimeAsync(250);
  expect(told).toEqual([2, 3]);
});

test('the id of a single call is told at once', async () => {
  const { told, take } = making(1);
  await take(1);
  expect(told).toEqual([1]);
});

test('what the activity returns need not be told before, nor after', async () => {
  const { told, take, ended } = making(3);
  await take(3);
  expect((await ended).handles).toHaveLength(3);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
});
