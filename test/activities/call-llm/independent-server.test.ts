import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { openLlmCalls, type LlmMode } from '../../../activities/call-llm/open-calls';
import { testPipeline } from '../support';
import { asHandle, callOf, noSignal } from './simulator';
import { GOOD_ANSWER } from './scripted-provider';

/** A server of the OpenAI API that nobody here wrote: what we take for granted of providers is not only what our simulator does. */
describe('aimock, as provider', () => {
  const server = new LLMock({ port: 0, host: '127.0.0.1' });
  beforeAll(async () => {
    server.onMessage(/Blue Harbor/, { content: GOOD_ANSWER });
    await server.start();
  });
  beforeEach(() => server.clearRequests());
  afterAll(() => server.stop());

  it.each<[LlmMode, string]>([
    ['inline', '/v1/responses'],
    ['chat-completions', '/v1/chat/completions'],
    ['auto', '/v1/responses'],
  ])('answers calls of LLM_MODE=%s, each made once', async (mode, path) => {
    const info = jest.fn();
    const client = new OpenAI({ apiKey: 'any', baseURL: `${server.url}/v1`, maxRetries: 0 });
    const { llmCalls } = openLlmCalls(mode, 'headway-llm', {
      ...{ client, model: 'some-model', concurrency: 5, logger: { info, warn: jest.fn() } },
      pipelineNamed: () => testPipeline(),
    });
    for (const job of ['a', 'b']) {
      const handle = asHandle(await llmCalls.start(callOf(job)));
      await expect(llmCalls.wait(handle, noSignal())).resolves.toMatchObject({
        kind: 'answer',
        answer: JSON.parse(GOOD_ANSWER) as object,
        usage: { llmCalls: 1 },
      });
    }
    expect(server.getRequests().map((request) => request.path)).toEqual([path, path]);
    const found = info.mock.calls.map(([fields]: [{ mode: string }]) => fields.mode);
    expect(found).toEqual(mode === 'auto' ? ['inline'] : []);
  });
});
