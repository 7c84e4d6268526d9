import { createInlineCalls } from '../../../activities/call-llm/inline-calls';
import { viaChatCompletions } from '../../../activities/call-llm/chat-completions';
import type { LlmCall } from '../../../contracts/stages';
import { testPipeline } from '../support';
import { asHandle, callOf, noSignal } from './simulator';
import {
  GOOD_ANSWER,
  chatCompletion,
  refusal,
  scriptedProvider,
  type Answer,
  type Asked,
} from './scripted-provider';

function provider(answer: (asked: Asked) => Answer | Promise<Answer>, tools: 'web_search'[] = []) {
  const scripted = scriptedProvider(answer);
  const warn = jest.fn();
  const pipeline = { ...testPipeline(), tools: tools.map((type) => ({ type })) };
  const options = { ...scripted.options, pipelineNamed: () => pipeline };
  const calls = createInlineCalls(options, 'llm@1', viaChatCompletions(scripted.client, { warn }));
  const ask = async (parts: Partial<LlmCall> = {}) =>
    calls.wait(asHandle(await calls.start(callOf('job', '', parts))), noSignal());
  return { ...scripted, ask, warn };
}

describe('a call through Chat Completions', () => {
  it('asks for the answer schema, strictly, and reads answer, tokens and model', async () => {
    const { ask, asked } = provider(() => ({ body: chatCompletion() }));
    await expect(ask({ maxOutputTokens: 50 })).resolves.toMatchObject({
      kind: 'answer',
      answer: { summary: 'Boats.' },
      model: 'some-model-1',
      usage: { inputTokens: 7, outputTokens: 3, webSearches: 0, llmCalls: 1 },
    });
    expect(asked).toEqual([
      {
        method: 'POST',
        path: '/v1/chat/completions',
        body: {
          model: 'some-model',
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'Company: Blue Harbor.' },
          ],
          response_format: {
            type: 'json_schema',
            json_schema: {
              name: expect.any(String),
              strict: true,
              schema: expect.objectContaining({ required: ['summary', 'score'] }),
            },
          },
          max_tokens: 50,
        },
      },
    ]);
  });

  it('shows the model the answer that it has to mend', async () => {
    const { ask, asked } = provider(() => ({ body: chatCompletion() }));
    await ask({ repair: { answer: '{', problem: 'the answer is not JSON' } });
    expect(asked[0]!.body.messages).toMatchObject([
      { role: 'system' },
      { role: 'user', content: 'Company: Blue Harbor.' },
      { role: 'assistant', content: '{' },
      { role: 'user', content: expect.stringContaining('not JSON') },
    ]);
  });

  it.each<[string, unknown, object]>([
    ['refuses', chatCompletion({ content: null, refusal: 'No.' }), { kind: 'final', code: 'HW_LLM_REFUSED' }],
    [
      'is cut off',
      chatCompletion({ content: '{"summ' }, 'length'),
      { kind: 'final', code: 'HW_LLM_INCOMPLETE', message: expect.stringContaining('max_output_tokens') },
    ],
    [
      'is filtered',
      chatCompletion({ content: '' }, 'content_filter'),
      { kind: 'final', code: 'HW_LLM_INCOMPLETE', message: expect.stringContaining('content_filter') },
    ],
    ['has no choice', { ...chatCompletion(), choices: [] }, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    ['is empty', chatCompletion({ content: null }), { kind: 'bad-answer' }],
    [
      'tells no usage',
      { ...chatCompletion(), usage: undefined },
      { kind: 'answer', usage: { inputTokens: 0 } },
    ],
    [
      'cites',
      chatCompletion({
        content: GOOD_ANSWER,
        annotations: [
          {
            type: 'url_citation',
            url_citation: { url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 },
          },
        ],
      }),
      { kind: 'answer', citations: [{ url: 'https://a.example', title: 'A' }] },
    ],
  ])('tells of an answer that %s', async (_, body, outcome) => {
    await expect(provider(() => ({ body })).ask()).resolves.toMatchObject(outcome);
  });

  it('gives a server without JSON schemas the schema in the instructions, finds that out once and tells it once', async () => {
    const { ask, asked, warn } = provider(({ body }) =>
      (body.response_format as { type: string }).type === 'json_schema'
        ? refusal("'response_format.type' must be 'json_object' or 'text'")
        : { body: chatCompletion() },
    );
    await expect(ask()).resolves.toMatchObject({ kind: 'answer' });
    await expect(ask()).resolves.toMatchObject({ kind: 'answer' });
    expect(asked).toHaveLength(3);
    const { messages } = asked[2]!.body as { messages: { content: string }[] };
    expect(messages[0]!.content).toMatch(/^Be brief\..*JSON schema:\n\{.*"summary"/s);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('understands a server that calls that an error of its own', async () => {
    const message = 'response_format type must be one of "text" or "json_object", but got: json_schema';
    const { ask } = provider(({ body }) =>
      (body.response_format as { type: string }).type === 'json_schema'
        ? { status: 500, body: { error: { message } } }
        : { body: chatCompletion() },
    );
    await expect(ask()).resolves.toMatchObject({ kind: 'answer' });
  });

  it('says max_completion_tokens to a server that wants it', async () => {
    const { ask, asked } = provider(({ body }) =>
      'max_tokens' in body
        ? refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", 'max_tokens')
        : { body: chatCompletion() },
    );
    await expect(ask({ maxOutputTokens: 50 })).resolves.toMatchObject({ kind: 'answer' });
    expect(asked[1]!.body).toMatchObject({ max_completion_tokens: 50 });
  });

  it('gives a model all of the dialect, whatever another model does not take', async () => {
    const { ask, asked } = provider(({ body }) =>
      body.model === 'old' && (body.response_format as { type: string }).type === 'json_schema'
        ? refusal("'response_format.type' must be 'json_object' or 'text'")
        : { body: chatCompletion() },
    );
    await ask({ model: 'old' });
    await expect(ask({ model: 'new' })).resolves.toMatchObject({ kind: 'answer' });
    expect(asked.at(-1)!.body).toMatchObject({ model: 'new', response_format: { type: 'json_schema' } });
  });

  it('gives up no strictness for a schema that the server calls invalid', async () => {
    const { ask, asked } = provider(() =>
      refusal("Invalid schema for response_format 'x'", 'response_format'),
    );
    await expect(ask()).resolves.toMatchObject({ kind: 'final', code: 'HW_LLM_REJECTED' });
    expect(asked).toHaveLength(1);
  });

  it('fails for a pipeline with web search, and says what that needs, without asking', async () => {
    const { ask, asked } = provider(() => ({ body: chatCompletion() }), ['web_search']);
    await expect(ask()).resolves.toMatchObject({
      kind: 'final',
      code: 'HW_LLM_REJECTED',
      message: expect.stringMatching(/web_search.*Responses API/),
    });
    expect(asked).toEqual([]);
  });
});
