import { CallBudget } from '../../../activities/call-llm/budget/call-budget';
import type { LlmCalls } from '../../../activities/call-llm/llm-calls';
import type { SpendingStore } from '../../../activities/call-llm/money/spending-store';
import { withinLimits } from '../../../activities/call-llm/within-limits';
import { noUsage } from '../../../contracts/no-usage';
import { llmCall } from '../support';
import { FakeStore } from './budget/fake-store';

let budget: CallBudget;
let made: string[];
let settled: number[];
let reserved: number;

beforeEach(() => {
  jest.useFakeTimers();
  const configured = { requests: 60 };
  budget = new CallBudget({ name: 'm', store: new FakeStore().for('a'), configured });
  made = [];
  settled = [];
  reserved = 0;
});
afterEach(() => jest.useRealTimers());

const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1_000);

/** A request a second, of which a few are saved up; tenant `poor` has spent its day, `rich` has not. */
function calls(): LlmCalls {
  const inner: LlmCalls = {
    start({ index, jobId, pipeline }) {
      made.push(jobId);
      return Promise.resolve({ index, jobId, pipeline, callId: jobId, startedAt: 0, timeoutAt: 1 });
    },
    wait: ({ index }) =>
      Promise.resolve({ index, startedAt: 0, endedAt: 0, usage: noUsage, kind: 'expired' }),
    cancel: () => Promise.resolve(),
  };
  const spending: SpendingStore = {
    reserve({ tenant }) {
      if (tenant === 'rich') reserved += 1;
      return Promise.resolve({ outcome: tenant === 'rich' ? 'reserved' : 'over', spent: 1 });
    },
    settle: (_, cost) => Promise.resolve(void settled.push(cost)),
  };
  const prices = { m: { input: 0, output: 1 } };
  const dailyCeilingOf = () => 1;
  return withinLimits(inner, {
    budgetOf: () => budget,
    modelOf: () => 'm',
    prices,
    dailyCeilingOf,
    spending,
  });
}

const start = (llm: LlmCalls, tenant: string, index: number, signal = new AbortController().signal) =>
  llm.start(llmCall({ index, jobId: `${tenant}-${index}`, account: { tenant } }), signal);

test('calls that a ceiling forbids use up no request, and end without a turn', async () => {
  const llm = calls();
  const over = Array.from({ length: 50 }, (_, index) => start(llm, 'poor', index));
  void start(llm, 'rich', 0);
  await pass(5);
  expect(made).toEqual(['rich-0']);
  for (const outcome of await Promise.all(over))
    expect(outcome).toMatchObject({ kind: 'final', code: 'HW_COST_CEILING' });
});

test('what is set aside for a call is free again when the shared budget sends it back', async () => {
  const llm = calls();
  const started = Promise.all(Array.from({ length: 60 }, (_, index) => start(llm, 'rich', index)));
  await pass(15);
  const back = (await started).filter((one) => 'kind' in one);
  expect(back.length).toBeGreaterThan(0);
  expect(made.length + back.length).toBe(60);
  expect([reserved, settled]).toEqual([60, back.map(() => 0)]);
});

test('and when its activity ends while it waits for its turn', async () => {
  const llm = calls();
  const abort = new AbortController();
  const started = Promise.allSettled(
    Array.from({ length: 9 }, (_, index) => start(llm, 'rich', index, abort.signal)),
  );
  await pass(0.1);
  abort.abort(new Error('cancelled'));
  await pass(1);
  const waiting = (await started).filter(({ status }) => status === 'rejected');
  expect(waiting.length).toBeGreaterThan(0);
  expect(settled).toEqual(waiting.map(() => 0));
});
