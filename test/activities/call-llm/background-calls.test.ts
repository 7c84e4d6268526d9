import { createBackgroundCalls } from '../../../activities/call-llm/background-calls';
import type { LlmCalls } from '../../../activities/call-llm/llm-calls';
import { response, scriptedProvider } from './scripted-provider';
import { asHandle, callOf, noSignal, openProvider, type Provider } from './simulator';

let provider: Provider;
let calls: LlmCalls;
beforeAll(async () => (provider = await openProvider()));
beforeEach(() => (calls = createBackgroundCalls(provider.options)));
afterAll(() => provider.stop());

const start = async (...parts: Parameters<typeof callOf>) => asHandle(await calls.start(callOf(...parts)));
const outcomeOf = async (...parts: Parameters<typeof callOf>) =>
  calls.wait(await start(...parts), noSignal());

describe('a background call', () => {
  it('is made, awaited and answered, and counts what it cost', async () => {
    const before = Date.now();
    const handle = await start('plain', '', { index: 7, timeoutMs: 20_000 });
    expect(handle).toMatchObject({ index: 7, jobId: 'plain', pipeline: 'test-brief' });
    expect(handle.callId).toMatch(/^resp_/);
    expect(handle.timeoutAt).toBe(handle.startedAt + 20_000);
    const outcome = await calls.wait(handle, noSignal());
    expect(outcome).toMatchObject({
      kind: 'answer',
      index: 7,
      startedAt: handle.startedAt,
      answer: { summary: expect.any(String), score: expect.any(Number) },
      usage: { llmCalls: 1, inputTokens: expect.any(Number) },
    });
    expect(outcome.usage.outputTokens).toBeGreaterThan(0);
    expect(outcome.startedAt).toBeGreaterThanOrEqual(before);
    expect(outcome.endedAt).toBeGreaterThan(outcome.startedAt);
    expect(await provider.countsOf('plain')).toMatchObject({ accepted: 1, completed: 1 });
  });

  it('can be awaited by any worker, as often as it takes, and is paid for once', async () => {
    const handle = JSON.parse(JSON.stringify(await start('resumed')));
    const other = createBackgroundCalls(provider.options);
    const [first, second] = [await other.wait(handle, noSignal()), await calls.wait(handle, noSignal())];
    expect(first.kind).toBe('answer');
    expect(second).toMatchObject({ kind: 'answer', answer: 'answer' in first && first.answer });
    expect(await provider.countsOf('resumed')).toMatchObject({ accepted: 1 });
  });

  it('asks the model that it names, whoever awaits it, and costs what that does', async () => {
    const prices = { 'gpt-5': { input: 0, output: 0 }, 'gpt-4.1': { input: 1_000, output: 1_000 } };
    const priced = createBackgroundCalls({ ...provider.options, prices });
    const handle = await start('another model', '', { model: 'gpt-4.1' });
    expect(handle.model).toBe('gpt-4.1');
    const outcome = await priced.wait(handle, noSignal());
    expect(outcome).toMatchObject({ kind: 'answer', model: 'gpt-4.1' });
    expect(outcome.usage.costNanoUsd).toBeGreaterThan(0);
    expect(await start('model of the worker')).not.toHaveProperty('model');
  });

  it('whose id the provider no longer knows was paid for, and can be made again', async () => {
    const handle = await start('deleted');
    await provider.options.client.responses.delete(handle.callId);
    await expect(calls.wait(handle, noSignal())).resolves.toMatchObject({
      kind: 'retry',
      code: 'HW_LLM_UNAVAILABLE',
      message: `the provider no longer knows response ${handle.callId}`,
      usage: { llmCalls: 1, inputTokens: 0 },
    });
  });

  it('is asked for rarely: an answer that is there at the first poll costs one', async () => {
    await outcomeOf('polled once');
    expect(await provider.countsOf('polled once')).toMatchObject({ polls: 1 });
  });

  it.each<[string, object]>([
    [
      'rate_limit retry_after=70000',
      { kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true, retryAfterMs: 70 },
    ],
    ['server_error', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    ['overloaded', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
    ['bad_request', { kind: 'final', code: 'HW_LLM_REJECTED' }],
    ['disconnect part=before', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
  ])('that the provider does not take ends at once, for free: %s', async (directive, expected) => {
    const started = await calls.start(callOf(`refused by ${directive}`, directive, { index: 3 }));
    expect(started).toMatchObject({ index: 3, usage: { llmCalls: 0 }, ...expected });
  });

  it('is an outcome also when the pipeline is not installed here', async () => {
    const { options } = provider;
    const broken = createBackgroundCalls({
      ...options,
      pipelineNamed: () => {
        throw new Error('pipeline: "x" is not installed');
      },
    });
    const expected = { kind: 'retry', message: expect.stringContaining('not installed') };
    await expect(broken.start(callOf('unknown'))).resolves.toMatchObject(expected);
  });

  it.each<[string, object]>([
    ['malformed', { kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER' }],
    ['wrong_schema', { kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER' }],
    ['refusal', { kind: 'final', code: 'HW_LLM_REFUSED' }],
    ['incomplete', { kind: 'final', code: 'HW_LLM_INCOMPLETE' }],
    ['failed', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    ['failed reason=rate_limit_exceeded', { kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true }],
  ])('that ends without a usable answer says so: %s', async (directive, expected) => {
    const outcome = await outcomeOf(`ends with ${directive}`, directive);
    expect(outcome).toMatchObject({ usage: { llmCalls: 1 }, ...expected });
  });

  it.each(['server_error', 'disconnect', 'rate_limit retry_after=10000'])(
    'goes on while the provider cannot be asked: %s',
    async (fault) => {
      const job = `polls met ${fault}`;
      const outcome = await outcomeOf(job, `${fault} at=poll times=1`);
      expect(outcome.kind).toBe('answer');
      expect(await provider.countsOf(job)).toMatchObject({ accepted: 1, polls: 2 });
    },
  );

  it('that takes longer than the pipeline allows is cancelled at the provider', async () => {
    const outcome = await outcomeOf('hangs', 'hang', { timeoutMs: 300 });
    expect(outcome).toMatchObject({
      kind: 'retry',
      code: 'HW_LLM_TIMEOUT',
      message: 'no answer within 300 ms',
      usage: { llmCalls: 1 },
    });
    expect(await provider.countsOf('hangs')).toMatchObject({ accepted: 1, cancelled: 1 });
  });

  it('expires with the deadline of its job, and is cancelled', async () => {
    const handle = await start('expires', 'hang', { deadline: Date.now() + 300, timeoutMs: 30_000 });
    expect(handle).toMatchObject({ expires: true });
    expect((await calls.wait(handle, noSignal())).kind).toBe('expired');
    expect(await provider.countsOf('expires')).toMatchObject({ cancelled: 1 });
  });

  it('takes an answer that is there in time, however near the deadline is', async () => {
    const outcome = await outcomeOf('in time', '', { deadline: Date.now() + 200 });
    expect(outcome.kind).toBe('answer');
  });

  it('is not even made when the deadline has passed', async () => {
    const started = await calls.start(callOf('too late', '', { deadline: Date.now() - 1 }));
    expect(started).toMatchObject({ kind: 'expired', usage: { llmCalls: 0 } });
    expect(await provider.countsOf('too late')).toMatchObject({ calls: 0 });
  });

  it('is to be made again when the provider has forgotten it', async () => {
    const handle = await start('forgotten');
    await provider.options.client.responses.delete(handle.callId);
    await expect(calls.wait(handle, noSignal())).resolves.toMatchObject({
      kind: 'retry',
      code: 'HW_LLM_UNAVAILABLE',
      message: expect.stringContaining(handle.callId),
    });
  });

  it('goes on when nobody waits for it any more', async () => {
    const handle = await start('left alone', 'latency=200000');
    const stop = new AbortController();
    const waiting = calls.wait(handle, stop.signal);
    stop.abort(new Error('worker stops'));
    await expect(waiting).rejects.toThrow();
    expect(await provider.countsOf('left alone')).toMatchObject({ cancelled: 0 });
    expect((await calls.wait(handle, noSignal())).kind).toBe('answer');
  });

  it('that ended while nobody looked says nothing about how long calls take', async () => {
    const handles = await Promise.all(Array.from({ length: 20 }, (_, n) => start(`unseen ${n}`)));
    await Promise.all(handles.map((handle) => calls.wait(handle, noSignal())));
    // As if all workers had been away for a while.
    const later = createBackgroundCalls(provider.options);
    const old = handles.map((handle) => ({ ...handle, startedAt: handle.startedAt - 6_500 }));
    await Promise.all(old.map((handle) => later.wait(handle, noSignal())));
    const handle = asHandle(await later.start(callOf('after the outage')));
    await later.wait(handle, noSignal());
    expect(Date.now() - handle.startedAt).toBeLessThan(3_000);
  });

  it('ends when it is cancelled, which never fails', async () => {
    const handle = await start('unwanted', 'hang');
    await calls.cancel(handle);
    expect(await provider.countsOf('unwanted')).toMatchObject({ cancelled: 1 });
    await calls.cancel(handle);
    await calls.cancel({ ...handle, callId: 'resp_unknown' });
    expect(await calls.wait(handle, noSignal())).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE' });
  });
});

describe('requests to the provider', () => {
  it('are bounded', async () => {
    const { client } = provider.options;
    let under = 0;
    let most = 0;
    const counting = client.withOptions({
      fetch: async (...parts: Parameters<typeof fetch>) => {
        most = Math.max(most, ++under);
        return fetch(...parts).finally(() => under--);
      },
    });
    const bounded = createBackgroundCalls({ ...provider.options, client: counting, concurrency: 3 });
    const all = Array.from({ length: 20 }, (_, index) => bounded.start(callOf(`bounded-${index}`)));
    for (const started of await Promise.all(all)) asHandle(started);
    expect(most).toBe(3);
  });
});

describe('a provider that does not say whether it has taken a call', () => {
  const noAnswer = () => {
    const { options, asked } = scriptedProvider(() => new Error('not asked for'));
    const fetch = (_url: unknown, init?: RequestInit) =>
      new Promise<Response>((_, reject) =>
        init?.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))),
      );
    return {
      asked,
      calls: createBackgroundCalls({ ...options, client: options.client.withOptions({ fetch }) }),
    };
  };

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('has half a minute for it; then the call counts as made, of unknown cost, in an outage of the provider', async () => {
    const started = noAnswer().calls.start(callOf('slow'));
    await jest.advanceTimersByTimeAsync(29_000);
    const soon = Promise.race([started, Promise.resolve('under way')]);
    await expect(soon).resolves.toBe('under way');
    await jest.advanceTimersByTimeAsync(1_000);
    const outcome = await started;
    expect(outcome).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true });
    expect(outcome).toMatchObject({ usage: { llmCalls: 1 } });
    expect(outcome).not.toHaveProperty('usage.costNanoUsd');
  });

  it('has ten seconds for it when the activity has to stop', async () => {
    const stop = new AbortController();
    const started = noAnswer().calls.start(callOf('stopped'), stop.signal);
    const end = expect(started).rejects.toThrow('worker stops');
    await jest.advanceTimersByTimeAsync(1_000);
    stop.abort(new Error('worker stops'));
    await jest.advanceTimersByTimeAsync(10_000);
    await end;
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a call that the provider will not be asked for', () => {
  const rejecting = (polls: (number | undefined)[]) => {
    const provider = scriptedProvider(({ method, path }) => {
      if (path.endsWith('/cancel')) return { body: response({ status: 'cancelled' }) };
      if (method === 'POST') return { body: response({ status: 'queued' }) };
      const status = polls.length > 1 ? polls.shift() : polls[0];
      return status === undefined
        ? { body: response() }
        : { status, body: { error: { message: 'not here' } } };
    });
    return { ...provider, calls: createBackgroundCalls(provider.options) };
  };

  it.each([400, 403, 405, 410])('ends with that once it has had its time: %i', async (status) => {
    const { calls, routes } = rejecting([status]);
    const handle = asHandle(await calls.start(callOf('rejected', '', { timeoutMs: 100 })));
    const outcome = await calls.wait(handle, noSignal());
    expect(outcome).toMatchObject({ kind: 'final', code: 'HW_LLM_REJECTED', usage: { llmCalls: 1 } });
    expect(outcome).toMatchObject({ message: `${status} not here` });
    expect(routes().at(-1)).toBe('POST /v1/responses/resp_1/cancel');
  });

  it('is asked for again until then', async () => {
    const { calls } = rejecting([403, undefined]);
    const handle = asHandle(await calls.start(callOf('rejected once', '', { timeoutMs: 60_000 })));
    expect((await calls.wait(handle, noSignal())).kind).toBe('answer');
  });

  it('expires when it is its job that has had its time', async () => {
    const { calls } = rejecting([403]);
    const deadline = Date.now() + 100;
    const handle = asHandle(await calls.start(callOf('rejected and late', '', { deadline })));
    expect((await calls.wait(handle, noSignal())).kind).toBe('expired');
  });
});

describe('a call that has to wait in the line of its worker', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function slowToTake(milliseconds: number) {
    const made: unknown[] = [];
    const { options } = scriptedProvider(async ({ body }) => {
      made.push(body);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return { body: response({ status: 'queued' }) };
    });
    return { made, llm: createBackgroundCalls({ ...options, concurrency: 1 }) };
  }

  it('has its time from when it is made', async () => {
    const { llm } = slowToTake(300);
    const begun = Date.now();
    const starting = ['a', 'b', 'c'].map((id) => llm.start(callOf(id, '', { timeoutMs: 400 })));
    await jest.advanceTimersByTimeAsync(900);
    const handles = (await Promise.all(starting)).map(asHandle);
    expect(handles.map(({ startedAt }) => startedAt - begun)).toEqual([0, 300, 600]);
    expect(handles.map(({ timeoutAt }) => timeoutAt - begun)).toEqual([400, 700, 1_000]);
  });

  it('is not made any more when the deadline of its job has passed meanwhile', async () => {
    const { llm, made } = slowToTake(300);
    const first = llm.start(callOf('first'));
    const second = llm.start(callOf('second', '', { deadline: Date.now() + 100 }));
    await jest.advanceTimersByTimeAsync(300);
    await first;
    expect(await second).toMatchObject({ kind: 'expired', usage: { llmCalls: 0 } });
    expect(made).toHaveLength(1);
  });
});

it('an answer that cannot be read is a defect at once, and not asked for again and again', async () => {
  const broken = response({ output: [{ type: 'message', id: 'msg_1', role: 'assistant' }] });
  const { options, routes } = scriptedProvider(({ method }) => ({
    body: method === 'POST' ? response({ status: 'queued', output: [] }) : broken,
  }));
  const llm = createBackgroundCalls(options);
  const handle = asHandle(await llm.start(callOf('unreadable')));
  await expect(llm.wait(handle, noSignal())).rejects.toThrow(/^The answer could not be read: TypeError: /);
  expect(routes()).toEqual(['POST /v1/responses', 'GET /v1/responses/resp_1']);
});

describe('a page where JSON was to come', () => {
  const page = { text: '<html>back soon</html>', type: 'text/html' };

  it('is an outage, in which no call was made', async () => {
    const llm = createBackgroundCalls(scriptedProvider(() => page).options);
    expect(await llm.start(callOf('page'))).toMatchObject({
      ...{ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true, usage: { llmCalls: 0 } },
      message: 'the answer is no JSON (text/html)',
    });
  });

  it('says nothing about a call that was made, which is asked for again', async () => {
    const answers = [{ body: response({ status: 'queued', output: [] }) }, page, { body: response() }];
    const { options, routes } = scriptedProvider(() => answers.shift()!);
    const llm = createBackgroundCalls(options);
    const handle = asHandle(await llm.start(callOf('page for a poll')));
    expect(await llm.wait(handle, noSignal())).toMatchObject({ kind: 'answer' });
    expect(routes().filter((route) => route.startsWith('GET'))).toHaveLength(2);
  });
});
