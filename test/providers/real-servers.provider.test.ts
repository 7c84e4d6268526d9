import { openLlmClient } from '../../activities/call-llm/open-client';
import { openLlmCalls, type LlmMode } from '../../activities/call-llm/open-calls';
import type { LlmCall, LlmHandle } from '../../contracts/stages';
import { documentTriage } from '../../pipelines/document-triage/pipeline';
import { asHandle, callOf, noSignal } from '../activities/call-llm/simulator';
import { eventually } from '../support/eventually';
import { missing, startLlamaCpp, startOgx, type ProviderServer } from './servers';

/** The pipeline of the calls is a shipped one, with lists, choices and numbers in its schema. */
const pipeline = documentTriage as never;
const call = (jobId: string, parts: Partial<LlmCall> = {}) =>
  callOf(jobId, '', { pipeline: 'document-triage', maxOutputTokens: 2_000, ...parts });

function open(mode: LlmMode, { baseUrl }: ProviderServer, model: string) {
  const { client } = openLlmClient({ apiKey: 'any', baseUrl });
  const info = jest.fn();
  const { llmCalls } = openLlmCalls(mode, 'headway-llm', {
    ...{ client, model, concurrency: 200, logger: { info, warn: jest.fn() } },
    pipelineNamed: () => pipeline,
  });
  return {
    client,
    llmCalls,
    outcomeOf: async (...args: Parameters<typeof call>) => {
      const started = await llmCalls.start(call(...args));
      return 'kind' in started ? started : await llmCalls.wait(started, noSignal());
    },
    found: () => info.mock.calls.map(([fields]: [{ mode: string }]) => fields.mode),
  };
}

const noLlamaCpp = missing('xllamacpp', 'gguf', 'numpy');
const noOgx = noLlamaCpp ?? missing('ogx', 'sqlite_vec', 'aiosqlite');

// Jest does not name the groups that it skips.
if (noLlamaCpp) process.stderr.write(`llama.cpp is not run: ${noLlamaCpp}\n`);
if (noOgx) process.stderr.write(`OGX is not run: ${noOgx}\n`);

(noLlamaCpp ? describe.skip : describe)('llama.cpp', () => {
  let server: ProviderServer;
  beforeAll(async () => (server = await startLlamaCpp()));
  afterAll(() => server?.stop());

  it('keeps to the schema through Chat Completions, whatever the model would say', async () => {
    const { outcomeOf } = open('chat-completions', server, 'random');
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, job) => outcomeOf(`job-${job}`)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => 'answer'));
    expect(outcomes[0]).toMatchObject({ usage: { llmCalls: 1 }, model: 'random' });
    expect(outcomes[0]?.usage.inputTokens).toBeGreaterThan(0);
  });

  it('is found to leave the schema out of account in the Responses API, so LLM_MODE=auto leaves that alone', async () => {
    const { outcomeOf, found } = open('auto', server, 'random');
    await expect(outcomeOf('first')).resolves.toMatchObject({ kind: 'bad-answer' });
    const repair = { answer: '000', problem: 'the answer is not JSON' };
    await expect(outcomeOf('first', { attempt: 2, repair })).resolves.toMatchObject({ kind: 'answer' });
    await expect(outcomeOf('next')).resolves.toMatchObject({ kind: 'answer' });
    expect(found()).toEqual(['chat-completions']);
  });
});

(noOgx ? describe.skip : describe)('OGX', () => {
  let llamaCpp: ProviderServer;
  let server: ProviderServer;
  beforeAll(async () => {
    llamaCpp = await startLlamaCpp();
    server = await startOgx(llamaCpp);
  });
  afterAll(async () => {
    await server?.stop();
    await llamaCpp?.stop();
  });

  it.each<LlmMode>(['background', 'auto'])(
    'works on calls in the background, and any process awaits them by id: LLM_MODE=%s',
    async (mode) => {
      const handles: LlmHandle[] = [];
      const { llmCalls, found } = open(mode, server, 'llama/random');
      for (const job of ['a', 'b', 'c']) handles.push(asHandle(await llmCalls.start(call(job))));
      expect(handles.some(({ heldOpen }) => heldOpen)).toBe(false);
      expect(found()).toEqual(mode === 'auto' ? ['background'] : []);
      const elsewhere = open(mode, server, 'llama/random').llmCalls;
      for (const handle of handles)
        await expect(elsewhere.wait(handle, noSignal())).resolves.toMatchObject({ kind: 'answer' });
    },
  );

  it('cancels a call, which then ends as cancelled', async () => {
    const { llmCalls, client } = open('background', server, 'llama/random');
    const started = await Promise.all(Array.from({ length: 60 }, (_, n) => llmCalls.start(call(`${n}`))));
    const last = asHandle(started.at(-1)!);
    await llmCalls.cancel(last);
    const { status } = await client.responses.retrieve(last.callId);
    expect(status).toBe('cancelled');
    await expect(llmCalls.wait(last, noSignal())).resolves.toMatchObject({ kind: 'retry' });
    await Promise.all(started.map((one) => llmCalls.cancel(asHandle(one))));
  });

  it('forgets no call: an id that it does not know ends as one to be made again', async () => {
    const { llmCalls } = open('background', server, 'llama/random');
    const handle = asHandle(await llmCalls.start(call('kept')));
    const unknown = { ...handle, callId: 'resp_unknown' };
    await expect(llmCalls.wait(unknown, noSignal())).resolves.toMatchObject({
      ...{ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', usage: { llmCalls: 1 } },
    });
    await expect(llmCalls.wait(handle, noSignal())).resolves.toMatchObject({ kind: 'answer' });
  });

  it('refuses calls for which it has no room, and these are made again, in the background', async () => {
    const { llmCalls, found } = open('auto', server, 'llama/random');
    const results = await Promise.all(Array.from({ length: 200 }, (_, n) => llmCalls.start(call(`${n}`))));
    const refused = results.filter((result) => 'kind' in result);
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused)
      expect(one).toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED', usage: { llmCalls: 0 } });
    expect(found()).toEqual(['background']);
    await eventually('there is room again', async () => !('kind' in (await llmCalls.start(call('again')))));
  });
});
