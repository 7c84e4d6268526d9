import { MockActivityEnvironment } from '@temporalio/testing';
import { APIConnectionError } from 'openai';
import { createCallLlm } from '../../../activities/call-llm';
import type { LlmCalls } from '../../../activities/call-llm/llm-calls';
import { withBudget } from '../../../activities/call-llm/budget/with-budget';
import { CallBudget } from '../../../activities/call-llm/budget/call-budget';
import { startOne } from '../../../activities/call-llm/start-one';
import { HeadwayError } from '../../../contracts/errors';
import type { LlmCall, LlmHandle, StartedCalls } from '../../../contracts/stages';
import { llmCall } from '../support';
import { FakeStore } from './budget/fake-store';

const handleOf = ({ index, jobId, pipeline }: LlmCall): LlmHandle => ({
  ...{ index, jobId, pipeline, callId: `resp_${index}`, startedAt: 0, timeoutAt: 0 },
});
const made: number[] = [];
beforeEach(() => made.splice(0));

function callsThat(start: (call: LlmCall) => LlmHandle): LlmCalls {
  return {
    start: async (call) => {
      made.push(call.index);
      return Promise.resolve(start(call));
    },
    wait: () => Promise.reject(new Error('awaited')),
    cancel: async () => undefined,
  };
}

async function startAll(llmCalls: LlmCalls, calls: LlmCall[]): Promise<StartedCalls> {
  const { startLlmCalls } = createCallLlm({ llmCalls });
  return new MockActivityEnvironment().run<[{ calls: LlmCall[] }], StartedCalls, typeof startLlmCalls>(
    startLlmCalls,
    { calls },
  );
}

const priority = { priorityKey: 3 };
const noSignal = () => new AbortController().signal;
const throwing = (error: unknown) =>
  callsThat(() => {
    throw error;
  });

it('a defect that one call meets is the end of that call, and the others of its pack are made', async () => {
  const llmCalls = callsThat((call) => {
    if (call.index === 1) throw new TypeError('x is not a function');
    return handleOf(call);
  });
  const { handles, outcomes } = await startAll(
    llmCalls,
    [0, 1, 2].map((index) => llmCall({ index })),
  );
  expect(handles.map(({ index }) => index)).toEqual([0, 2]);
  expect(outcomes).toMatchObject([
    {
      ...{ index: 1, kind: 'final', code: 'HW_INTERNAL', usage: { llmCalls: 0 } },
      message: 'The call could not be made: TypeError: x is not a function',
    },
  ]);
});

it.each<[string, unknown]>([
  ['undefined', undefined],
  ['a number', 42],
  ['messages', [{ role: 'user', content: 'Who is it?' }]],
])('a prompt that is %s ends its call, and takes nothing of the shared budget', async (_, input) => {
  const store = new FakeStore();
  const budget = new CallBudget({ name: 'm', store: store.for('a'), configured: { tokens: 60_000 } });
  const llmCalls = withBudget(callsThat(handleOf), { budgetOf: () => budget, modelOf: () => 'm' });
  const prompt = { instructions: 'Be brief.', input } as LlmCall['prompt'];
  const { handles, outcomes } = await startAll(llmCalls, [llmCall({ prompt }), llmCall({ index: 1 })]);
  expect(handles.map(({ index }) => index)).toEqual([1]);
  expect(outcomes).toMatchObject([
    {
      ...{ index: 0, kind: 'final', code: 'HW_ENRICH_FAILED' },
      message: 'input of the prompt is not a text',
    },
  ]);
  expect(made).toEqual([1]);
  await budget.close();
  expect(Number.isFinite(store.left.tokens)).toBe(true);
});

it('one whose pipeline is not there ends with the code of that', async () => {
  const error = new HeadwayError('HW_PIPELINE_UNKNOWN', 'no pipeline has this name');
  const outcome = await startOne(throwing(error), llmCall(), noSignal(), priority);
  expect(outcome).toMatchObject({ kind: 'final', code: 'HW_PIPELINE_UNKNOWN' });
});

it.each([
  ['the provider is away', new APIConnectionError({ message: 'away' })],
  ['a system is away', Object.assign(new TypeError('fetch failed'), { cause: econnrefused() })],
])('trouble of all is trouble of all still: %s', async (_, error) => {
  const outcome = await startOne(throwing(error), llmCall(), noSignal(), priority);
  expect(outcome).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true });
});

it('a call of a confidential job says so in its outcome', async () => {
  const outcome = await startOne(
    throwing(new TypeError('secret')),
    llmCall({ confidential: true }),
    noSignal(),
    priority,
  );
  expect(outcome).toMatchObject({ kind: 'final', confidential: true });
});

it('an activity that has to stop does stop, and no outcome is made of that', async () => {
  const abort = new AbortController();
  abort.abort(new Error('cancelled'));
  const llmCalls = throwing(new Error('cancelled'));
  await expect(startOne(llmCalls, llmCall(), abort.signal, priority)).rejects.toThrow('cancelled');
});

function econnrefused(): Error {
  return Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
}
