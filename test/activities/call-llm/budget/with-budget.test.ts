import { CallBudget } from '../../../../activities/call-llm/budget/call-budget';
import { observingFetch } from '../../../../activities/call-llm/budget/observe-limits';
import { withBudget } from '../../../../activities/call-llm/budget/with-budget';
import type { LlmCalls } from '../../../../activities/call-llm/llm-calls';
import { noUsage } from '../../../../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../../../contracts/stages';
import { llmCall } from '../../support';
import { FakeStore } from './fake-store';

let store: FakeStore;
let budget: CallBudget;
let made: LlmCall[];
let answer: () => Promise<Response>;
let usage = noUsage;

beforeEach(() => {
  jest.useFakeTimers();
  store = new FakeStore();
  budget = new CallBudget({ name: 'm', store: store.for('a'), configured: { requests: 60, tokens: 60_000 } });
  made = [];
  answer = () => Promise.resolve(new Response('{}'));
  usage = noUsage;
});
afterEach(() => jest.useRealTimers());

const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1_000);

function calls(): LlmCalls {
  const client = observingFetch(() => answer());
  const inner: LlmCalls = {
    async start(call) {
      const { status } = await client('http://provider/v1/responses', { method: 'POST' });
      const base = { index: call.index, startedAt: 0, endedAt: 0, usage };
      if (status !== 200) return { ...base, kind: 'retry', code: 'HW_LLM_RATE_LIMITED', message: 'no' };
      made.push(call);
      const { jobId, pipeline } = call;
      return { index: call.index, jobId, pipeline, callId: jobId, startedAt: 0, timeoutAt: 1 };
    },
    wait: ({ index }) =>
      Promise.resolve({
        ...{ index, startedAt: 0, endedAt: 0, usage },
        kind: 'expired',
      } satisfies LlmOutcome),
    cancel: () => Promise.resolve(),
  };
  return withBudget(inner, { budgetOf: () => budget, modelOf: () => 'm' });
}

test('what is not made in time goes back to the workflow, without a call and with when to come again', async () => {
  const { signal } = new AbortController();
  const llm = calls();
  const started = Promise.all(
    Array.from({ length: 30 }, (_, index) => llm.start(llmCall({ index, jobId: `${index}` }), signal)),
  );
  await pass(11);
  const back = (await started).filter((one) => 'kind' in one);
  expect(made.length).toBeGreaterThan(0);
  expect(made.length + back.length).toBe(30);
  for (const one of back) {
    expect(one).toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true, notMade: true });
    expect(one).toMatchObject({ retryAfterMs: expect.any(Number) as number, usage: { llmCalls: 0 } });
  }
  await pass(60);
  expect(made.length + back.length).toBe(30);
});

test('a job whose deadline passes while its call waits has expired', async () => {
  const { signal } = new AbortController();
  const llm = calls();
  const started = Array.from({ length: 9 }, (_, index) =>
    llm.start(llmCall({ index, deadline: Date.now() + 500 }), signal),
  );
  await pass(2);
  const kinds = (await Promise.all(started)).map((one) => ('kind' in one ? one.kind : 'made'));
  expect(kinds).toContain('expired');
  expect(kinds).not.toContain('retry');
});

test('a wait ends when the activity is cancelled, and no call is made afterwards', async () => {
  const abort = new AbortController();
  const llm = calls();
  const started = Array.from({ length: 9 }, (_, index) =>
    llm.start(llmCall({ index }), abort.signal).catch((error: Error) => error.message),
  );
  await pass(0.1);
  const before = made.length;
  abort.abort(new Error('cancelled'));
  await pass(20);
  expect(made).toHaveLength(before);
  expect((await Promise.all(started)).filter((one) => one === 'cancelled')).toHaveLength(9 - before);
});

test('tokens are estimated by what calls of the pipeline lately used, and settled by what this one did', async () => {
  const llm = calls();
  const settled = jest.spyOn(budget, 'settle');
  const first = llm.start(
    llmCall({ prompt: { instructions: 'x'.repeat(400), input: '' }, maxOutputTokens: 4_096 }),
  );
  await pass(5);
  const handle = (await first) as LlmHandle;
  expect(handle.reserved).toEqual({ model: 'm', prompt: 100, tokens: 1_100 });
  usage = { ...noUsage, inputTokens: 400, outputTokens: 300 };
  llm.settle!(handle, await llm.wait(handle, new AbortController().signal));
  expect(settled).toHaveBeenLastCalledWith(1_100, 700);
  const second = llm.start(llmCall({ prompt: { instructions: 'x'.repeat(800), input: '' } }));
  await pass(5);
  expect(((await second) as LlmHandle).reserved).toEqual({ model: 'm', prompt: 200, tokens: 800 });
});

test('headers of the answer reach the budget, also those of one that was refused', async () => {
  const noted = jest.spyOn(budget, 'note');
  const headers = {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '0',
    'retry-after': '9',
  };
  answer = () => Promise.resolve(new Response('{}', { status: 429, headers }));
  const refused = calls().start(llmCall());
  await pass(5);
  expect(await refused).toMatchObject({ kind: 'retry' });
  expect(noted.mock.lastCall![0]).toMatchObject({
    status: 429,
    sentAt: expect.any(Number) as number,
    retryAfterMs: 9_000,
    limits: { requests: 60 },
  });
  answer = () => Promise.resolve(new Response('{}'));
  void calls().start(llmCall());
  await pass(5);
  expect(made).toHaveLength(0);
  await pass(5);
  expect(made).toHaveLength(1);
});

test('what a call that was refused has taken is free again, and not what one has taken that may have been made', async () => {
  const refunded = jest.spyOn(budget, 'refund');
  answer = () => Promise.resolve(new Response('{}', { status: 500 }));
  for (const [llmCalls, times] of [
    [1, 0],
    [0, 1],
  ] as const) {
    usage = { ...noUsage, llmCalls };
    const ended = calls().start(llmCall());
    await pass(5);
    expect(await ended).toMatchObject({ kind: 'retry' });
    expect(refunded).toHaveBeenCalledTimes(times);
  }
});

describe('a call that was made before a limit was known', () => {
  const headers = { 'x-ratelimit-limit-tokens': '60000', 'x-ratelimit-remaining-tokens': '0' };
  let llm: LlmCalls;
  const limited = (status: number) => new Response('{}', { status, headers });

  /** Two calls are under way when the answer to the first tells the limit, which the second is then counted by. */
  async function second(status: number): Promise<LlmHandle | LlmOutcome> {
    budget = new CallBudget({ name: 'm', store: store.for('a'), configured: {} });
    const answers: ((response: Response) => void)[] = [];
    answer = () => new Promise((resolve) => answers.push(resolve));
    llm = calls();
    const [, started] = [llm.start(llmCall({ index: 0 })), llm.start(llmCall({ index: 1 }))];
    await pass(1);
    answers[0]!(limited(200));
    await pass(1);
    expect(store.limits).toEqual({ tokens: 60_000 });
    answers[1]!(limited(status));
    return await started;
  }
  const givenBack = () => store.leases.reduce((sum, { giveBack }) => sum + giveBack.tokens, 0);

  test('and is refused gets nothing back', async () => {
    expect(await second(429)).toMatchObject({ kind: 'retry' });
    await budget.close();
    expect(store.totals.most).toBe(0);
    // Less than half a second of what its demand had leased ahead.
    expect(givenBack()).toBeLessThan(500);
  });

  test('takes and gets nothing when it has ended', async () => {
    const handle = (await second(200)) as LlmHandle;
    expect(handle).toMatchObject({ reserved: { tokens: 0 } });
    const settled = jest.spyOn(budget, 'settle');
    usage = { ...noUsage, inputTokens: 400, outputTokens: 300 };
    llm.settle!(handle, await llm.wait(handle, new AbortController().signal));
    expect(settled).toHaveBeenLastCalledWith(700, 700);
  });
});
