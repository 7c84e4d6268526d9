import { viaChatCompletions } from '../../../activities/call-llm/chat-completions';
import { createInlineCalls } from '../../../activities/call-llm/inline-calls';
import { jsonBytes } from '../../../activities/batch';
import type { LlmCalls } from '../../../activities/call-llm/llm-calls';
import type { LlmHandle } from '../../../contracts/stages';
import { llmCall } from '../support';
import { chatCompletion, GOOD_ANSWER, response, scriptedProvider, type Answer } from './scripted-provider';
import { asHandle, callOf, noSignal, openProvider, type Provider } from './simulator';

let provider: Provider;
let calls: LlmCalls;
beforeAll(async () => (provider = await openProvider()));
beforeEach(() => (calls = createInlineCalls(provider.options, 'llm@worker-1')));
afterAll(() => provider.stop());

const start = async (...parts: Parameters<typeof callOf>) => asHandle(await calls.start(callOf(...parts)));
const outcomeOf = async (...parts: Parameters<typeof callOf>) =>
  calls.wait(await start(...parts), noSignal());

describe('an inline call', () => {
  it('says which worker holds it', () => {
    expect(calls.heldBy).toBe('llm@worker-1');
  });

  it('is made, held open and answered, without a poll', async () => {
    const handle = await start('plain', '', { index: 7 });
    const outcome = await calls.wait(handle, noSignal());
    expect(outcome).toMatchObject({
      kind: 'answer',
      index: 7,
      startedAt: handle.startedAt,
      answer: { summary: expect.any(String) },
      usage: { llmCalls: 1 },
    });
    expect(await provider.countsOf('plain')).toMatchObject({ accepted: 1, completed: 1, polls: 0 });
  });

  it('keeps its answer for a second reading, as the first may be lost on its way', async () => {
    const handle = await start('read twice');
    const first = await calls.wait(handle, noSignal());
    expect(await calls.wait(handle, noSignal())).toEqual(first);
    expect(await provider.countsOf('read twice')).toMatchObject({ accepted: 1 });
  });

  describe('whose answer is not delivered at once', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] }));
    afterEach(() => jest.useRealTimers());

    /** A provider that answers at once, and how often it was asked. */
    function open(deliveredMaxBytes?: number) {
      const respond = jest.fn(() => Promise.resolve(response() as never));
      const { options } = scriptedProvider(() => new Error('not asked'));
      const llm = createInlineCalls(options, 'llm@worker-1', respond, deliveredMaxBytes);
      const begin = async (jobId: string) => asHandle(await llm.start(llmCall({ jobId })));
      const kindOf = async (handle: LlmHandle) => (await llm.wait(handle, noSignal())).kind;
      return { llm, respond, begin, kindOf };
    }

    it('keeps it for ten minutes, however often it is read', async () => {
      const { llm, respond, begin, kindOf } = open();
      const handle = await begin('job');
      expect(await kindOf(handle)).toBe('answer');
      await jest.advanceTimersByTimeAsync(9 * 60_000);
      llm.settle!(handle, await llm.wait(handle, noSignal()));
      expect(await kindOf(handle)).toBe('answer');
      await jest.advanceTimersByTimeAsync(60_000);
      expect(await kindOf(handle)).toBe('retry');
      expect(respond).toHaveBeenCalledTimes(1);
    });

    it('keeps the latest of those that went to their workflows, and all others', async () => {
      const one = open();
      const bytes = jsonBytes(await one.llm.wait(await one.begin('job'), noSignal()));
      const { llm, begin, kindOf } = open(bytes * 2.5);
      const handles: LlmHandle[] = [];
      for (const job of ['a', 'b', 'c', 'd']) handles.push(await begin(job));
      for (const handle of handles.slice(0, 3)) llm.settle!(handle, await llm.wait(handle, noSignal()));
      expect(await Promise.all(handles.map(kindOf))).toEqual(['retry', 'answer', 'answer', 'answer']);
    });
  });

  it.each<[string, object]>([
    [
      'rate_limit retry_after=70000',
      { kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true, retryAfterMs: 70 },
    ],
    ['server_error', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    ['bad_request', { kind: 'final', code: 'HW_LLM_REJECTED' }],
    ['disconnect part=before', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    ['disconnect part=body', { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    ['malformed', { kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER' }],
    ['refusal', { kind: 'final', code: 'HW_LLM_REFUSED' }],
    ['incomplete', { kind: 'final', code: 'HW_LLM_INCOMPLETE' }],
  ])('that ends without a usable answer says so: %s', async (directive, expected) => {
    expect(await outcomeOf(`ends with ${directive}`, directive)).toMatchObject(expected);
  });

  it('that takes longer than the pipeline allows is given up, and the provider notices', async () => {
    const outcome = await outcomeOf('hangs', 'hang', { timeoutMs: 100 });
    expect(outcome).toMatchObject({ kind: 'retry', code: 'HW_LLM_TIMEOUT', usage: { llmCalls: 1 } });
    await provider.untilCounts('hangs', ({ aborted }) => aborted === 1);
  });

  it('expires with the deadline of its job', async () => {
    const outcome = await outcomeOf('expires', 'hang', { deadline: Date.now() + 100 });
    expect(outcome).toMatchObject({ kind: 'expired', usage: { llmCalls: 1 } });
  });

  it('is not even made when the deadline has passed', async () => {
    const started = await calls.start(callOf('too late', '', { deadline: Date.now() - 1 }));
    expect(started).toMatchObject({ kind: 'expired', usage: { llmCalls: 0 } });
    expect(await provider.countsOf('too late')).toMatchObject({ calls: 0 });
  });

  it('is to be made again when another worker is asked for it', async () => {
    const handle = await start('elsewhere');
    const other = createInlineCalls(provider.options, 'llm@worker-2');
    await expect(other.wait(handle, noSignal())).resolves.toMatchObject({
      kind: 'retry',
      code: 'HW_LLM_UNAVAILABLE',
      shared: true,
      usage: { llmCalls: 0 },
    });
    await calls.wait(handle, noSignal());
  });

  it('goes on when nobody waits for it any more', async () => {
    const handle = await start('left alone', 'latency=100000');
    const stop = new AbortController();
    const waiting = calls.wait(handle, stop.signal);
    stop.abort(new Error('worker stops'));
    await expect(waiting).rejects.toThrow('worker stops');
    await expect(calls.wait(handle, AbortSignal.abort(new Error('stopped before')))).rejects.toThrow(
      'before',
    );
    expect((await calls.wait(handle, noSignal())).kind).toBe('answer');
    expect(await provider.countsOf('left alone')).toMatchObject({ accepted: 1, aborted: 0 });
  });

  it('ends at the provider when it is cancelled, which never fails', async () => {
    const handle = await start('unwanted', 'hang');
    await provider.untilCounts('unwanted', ({ accepted }) => accepted === 1);
    await calls.cancel(handle);
    await provider.untilCounts('unwanted', ({ aborted }) => aborted === 1);
    expect((await calls.wait(handle, noSignal())).kind).toBe('retry');
    await calls.cancel({ ...handle, callId: 'unknown' });
  });
});

describe('a held request that breaks', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const reset = Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
  });
  const gaveUp = { status: 504, body: { error: { message: 'upstream request timeout' } } };

  async function outcomeAfter(milliseconds: number, answer: Answer) {
    const { options } = scriptedProvider(async () => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return answer;
    });
    const held = createInlineCalls(options, 'llm@worker-1');
    const handle = asHandle(await held.start(callOf('broken', '', { timeoutMs: 180_000 })));
    const outcome = held.wait(handle, noSignal());
    await jest.advanceTimersByTimeAsync(milliseconds);
    return outcome;
  }

  it.each<[string, Answer]>([
    ['its connection is reset', reset],
    ['a gateway gives it up', gaveUp],
  ])('after a minute was a call of unknown cost, and its own trouble: %s', async (_, answer) => {
    const outcome = await outcomeAfter(60_000, answer);
    expect(outcome).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: false });
    expect(outcome.usage).toEqual({ inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 });
  });

  it.each<[string, Answer]>([
    ['its connection is reset', reset],
    ['a gateway gives it up', gaveUp],
  ])('at once is trouble of all, as in an outage, and no call: %s', async (_, answer) => {
    const outcome = await outcomeAfter(500, answer);
    expect(outcome).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true });
    expect(outcome.usage.llmCalls).toBe(0);
  });
});

describe('an answer that came, and cannot be read', () => {
  const outcomeOfAnswer = async (answer: Answer, respond?: 'chat') => {
    const { options } = scriptedProvider(() => answer);
    const via = respond && viaChatCompletions(options.client);
    const held = createInlineCalls(options, 'llm@worker-1', via);
    return held.wait(asHandle(await held.start(callOf('unreadable'))), noSignal());
  };

  it('is a defect, and was paid for', async () => {
    const broken = response({ output: [{ type: 'message', id: 'msg_1', role: 'assistant' }] });
    await expect(outcomeOfAnswer({ body: broken })).resolves.toMatchObject({
      ...{ kind: 'final', code: 'HW_INTERNAL', usage: { llmCalls: 1 } },
      message: expect.stringMatching(/^The answer could not be read: TypeError: /),
    });
    const choices = { ...chatCompletion(), choices: 7 };
    await expect(outcomeOfAnswer({ body: { ...choices, usage: null } }, 'chat')).resolves.toMatchObject({
      usage: { llmCalls: 1 },
    });
    const annotations = chatCompletion({ content: GOOD_ANSWER, annotations: 7 });
    await expect(outcomeOfAnswer({ body: annotations }, 'chat')).resolves.toMatchObject({
      ...{ kind: 'final', code: 'HW_INTERNAL', usage: { llmCalls: 1 } },
    });
  });

  it('is asked for again where it is no JSON, as often as the pipeline allows, and was paid for', async () => {
    await expect(outcomeOfAnswer({ text: '{"temperature":NaN}' })).resolves.toMatchObject({
      ...{ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', usage: { llmCalls: 1 } },
    });
    expect(await outcomeOfAnswer({ text: '{"temperature":NaN}' })).toMatchObject({ shared: false });
  });

  it('of Chat Completions without a message is an empty one', async () => {
    const body = { ...chatCompletion(), choices: [{ index: 0, finish_reason: 'stop' }] };
    await expect(outcomeOfAnswer({ body }, 'chat')).resolves.toMatchObject({
      ...{ kind: 'bad-answer', message: 'the answer is empty', usage: { llmCalls: 1, inputTokens: 7 } },
    });
  });
});
