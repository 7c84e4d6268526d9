import type { Response } from 'openai/resources/responses/responses';
import { z } from 'zod';
import { readResponse, usageOf } from '../../../activities/call-llm/read-response';
import { testPipeline } from '../support';

const pipeline = testPipeline();
const good = { summary: 'A harbor.', score: 1 };

const text = (value: unknown, annotations: object[] = []) => ({
  type: 'output_text',
  text: typeof value === 'string' ? value : JSON.stringify(value),
  annotations,
});
const message = (...content: object[]) => ({ type: 'message', id: 'm', role: 'assistant', content });
const search = (sources?: object[]) => ({
  type: 'web_search_call',
  id: 's',
  status: 'completed',
  action: { type: 'search', query: 'q', sources },
});
const response = (parts: object): Response =>
  ({
    id: 'resp_1',
    model: 'gpt-5-2026',
    status: 'completed',
    output: [],
    usage: null,
    ...parts,
  }) as unknown as Response;
const answered = (...output: object[]) => readResponse(response({ output }), pipeline);

describe('an answer', () => {
  it('is checked against the schema of the pipeline, and says which model gave it', () => {
    expect(answered(message(text(good)))).toEqual({
      kind: 'answer',
      answer: good,
      citations: [],
      model: 'gpt-5-2026',
    });
  });

  it('is a bad one where the check of a pipeline throws, instead of saying that it is wrong', () => {
    const isHttps = (url: string) => new URL(url).protocol === 'https:';
    const strict = testPipeline({
      response: z.object({ summary: z.string().refine(isHttps), score: z.number() }),
    });
    const read = (summary: string) =>
      readResponse(response({ output: [message(text({ summary, score: 1 }))] }), strict);
    expect(read('https://a.example')).toMatchObject({ kind: 'answer' });
    expect(read('no address')).toMatchObject({
      kind: 'bad-answer',
      message: expect.stringMatching(/^the check of the answer failed: .*Invalid URL/) as string,
    });
  });

  it('may come without what there is nothing to say in', () => {
    const bare = { type: 'output_text', text: JSON.stringify(good) };
    expect(answered(message(bare))).toMatchObject({ kind: 'answer', answer: good, citations: [] });
    const empty = response({ output: undefined });
    expect(readResponse(empty, pipeline)).toMatchObject({ kind: 'bad-answer' });
    expect(usageOf(empty)).toMatchObject({ llmCalls: 1, webSearches: 0 });
  });

  it('is found behind reasoning and searches, and in several pieces', () => {
    const json = JSON.stringify(good);
    const pieces = message(text(json.slice(0, 9)), text(json.slice(9)));
    expect(answered({ type: 'reasoning', id: 'r', summary: [] }, search(), pieces)).toMatchObject({
      kind: 'answer',
      answer: good,
    });
  });

  it('carries what it cites, in order', () => {
    const notes = [
      { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 },
      { type: 'file_citation', file_id: 'f', index: 0, filename: 'f' },
      { type: 'url_citation', url: 'https://b.example', title: 'B', start_index: 0, end_index: 1 },
    ];
    expect(
      answered(search([{ type: 'url', url: 'https://c.example' }]), message(text(good, notes))),
    ).toMatchObject({
      citations: [
        { url: 'https://a.example', title: 'A' },
        { url: 'https://b.example', title: 'B' },
      ],
    });
  });

  it('carries what its searches consulted when it cites nothing', () => {
    const output = [search([{ type: 'url', url: 'https://c.example' }]), search(), message(text(good))];
    expect(answered(...output)).toMatchObject({ citations: [{ url: 'https://c.example', title: '' }] });
  });

  it('keeps every page that was consulted beside what it cites, each once, in order', () => {
    const page = (url: string) => ({ type: 'url', url });
    const opened = (action: object) => ({ type: 'web_search_call', id: 'o', status: 'completed', action });
    const note = { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 };
    const output = [
      search([page('https://c.example'), page('https://a.example'), { type: 'api', name: 'weather' }]),
      opened({ type: 'open_page', url: 'https://d.example' }),
      opened({ type: 'open_page', url: null }),
      { type: 'web_search_call', id: 'n', status: 'completed' },
      search([page('https://c.example')]),
      opened({ type: 'find_in_page', url: 'https://a.example', pattern: 'x' }),
      message(text(good, [note])),
    ];
    const read = answered(...output);
    expect(read).toMatchObject({
      citations: [{ url: 'https://a.example', title: 'A' }],
      consulted: ['https://c.example', 'https://a.example', 'https://d.example'],
    });
    expect(read).not.toHaveProperty('consultedLeftOut');
  });

  it('keeps as many as there is room for and says how many it left out, rather than fail for its sources', () => {
    const urls = Array.from({ length: 300 }, (_, index) => `https://${index}.example/${'x'.repeat(80)}`);
    const note = { type: 'url_citation', url: urls[0], title: '', start_index: 0, end_index: 1 };
    const searched = search(urls.map((url) => ({ type: 'url', url })));
    const read = (summary: string) =>
      answered(searched, message(text({ ...good, summary }, [note]))) as {
        consulted: string[];
        consultedLeftOut: number;
      };
    const { consulted, consultedLeftOut } = read('short');
    expect(consulted).toEqual(urls.slice(0, consulted.length));
    expect(consulted.length + consultedLeftOut).toBe(300);
    expect(Buffer.byteLength(JSON.stringify(consulted))).toBeLessThanOrEqual(16_384);
    expect(Buffer.byteLength(JSON.stringify(consulted))).toBeGreaterThan(16_000);
    // All of it has to fit into 256 KiB.
    const tight = read('x'.repeat(262_144 - 700));
    expect(tight).toMatchObject({ kind: 'answer' });
    expect(tight.consulted.length).toBeLessThan(6);
    expect(Buffer.byteLength(JSON.stringify(tight))).toBeLessThanOrEqual(262_144);
  });

  it('does not fail for what its searches found where it cites nothing: each page once, as far as there is room', () => {
    const urls = Array.from({ length: 300 }, (_, index) => `https://${index}.example/${'x'.repeat(80)}`);
    const searched = search([...urls, ...urls].map((url) => ({ type: 'url', url })));
    const read = (summary: string) =>
      answered(searched, message(text({ ...good, summary }))) as { citations: { url: string }[] };
    const { citations } = read('short');
    expect(citations.map(({ url }) => url)).toEqual(urls.slice(0, citations.length));
    expect(citations.length).toBeGreaterThan(100);
    expect(Buffer.byteLength(JSON.stringify(citations))).toBeLessThanOrEqual(16_384);
    const tight = read('x'.repeat(262_144 - 700));
    expect(tight).toMatchObject({ kind: 'answer', consulted: [], consultedLeftOut: 300 });
    expect(tight.citations.length).toBeGreaterThan(0);
    expect(Buffer.byteLength(JSON.stringify(tight))).toBeLessThanOrEqual(262_144);
  });

  it('is refused when a workflow cannot carry it', () => {
    expect(answered(message(text({ ...good, summary: 'x'.repeat(300_000) })))).toMatchObject({
      kind: 'final',
      code: 'HW_ANSWER_TOO_LARGE',
      message: expect.stringMatching(/3\d{5} bytes; at most 262144/),
    });
  });
});

describe('an answer that cannot be used', () => {
  it.each<[string, unknown, RegExp]>([
    ['broken JSON', '{"summary": "a', /^the answer is not JSON$/],
    ['nothing', '', /^the answer is empty$/],
    ['JSON in a code fence', '```json\n{}\n```', /not JSON/],
    ['null', 'null', /^answer: /],
    ['a missing field', { summary: 'a' }, /^answer\.score: /],
    ['a wrong type', { summary: 7, score: 1 }, /^answer\.summary: /],
  ])('is kept for a repair, with what is wrong with it: %s', (_, answer, problem) => {
    const read = answered(message(text(answer)));
    expect(read).toMatchObject({ kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER' });
    expect(read).toHaveProperty('message', expect.stringMatching(problem));
    expect(read).toHaveProperty('answer', typeof answer === 'string' ? answer : JSON.stringify(answer));
  });

  it('is one that no message holds', () => {
    expect(answered(search())).toMatchObject({ kind: 'bad-answer', message: 'the answer is empty' });
  });

  it('is cut where a repair would not read it all', () => {
    expect(answered(message(text('x'.repeat(50_000))))).toHaveProperty('answer', 'x'.repeat(20_000));
  });

  it('is not cut through the middle of a character: the provider gets it back', () => {
    const read = answered(message(text(`x${'🚀'.repeat(20_000)}`))) as { answer: string };
    expect(read.answer.isWellFormed()).toBe(true);
  });

  it('may hold any text: it is written and read again with nothing changed', () => {
    const odd = { summary: 'a\u0000b \ud800 🚀 \u2028', score: 1 };
    const read = answered(message(text(odd)));
    expect(read).toMatchObject({ kind: 'answer', answer: odd });
    expect(JSON.parse(Buffer.from(JSON.stringify(read)).toString())).toEqual(read);
  });
});

describe('a response that is no answer', () => {
  it.each<[string, object, object]>([
    [
      'a refusal',
      { output: [message({ type: 'refusal', refusal: 'I cannot help.' })] },
      {
        ...{ kind: 'final', code: 'HW_LLM_REFUSED', remedy: 'other-model' },
        message: 'the model refused: I cannot help.',
      },
    ],
    [
      'cut off',
      {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [message(text('{"su'))],
      },
      {
        ...{ kind: 'final', code: 'HW_LLM_INCOMPLETE', remedy: 'more-tokens' },
        message: 'the answer is incomplete: max_output_tokens',
      },
    ],
    [
      'filtered',
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      {
        ...{ kind: 'final', code: 'HW_LLM_INCOMPLETE', remedy: 'other-model' },
        message: 'the answer is incomplete: content_filter',
      },
    ],
    [
      'failed by a rate limit',
      { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow down' } },
      {
        kind: 'retry',
        code: 'HW_LLM_RATE_LIMITED',
        shared: true,
        message: 'the provider reports rate_limit_exceeded: slow down',
      },
    ],
    [
      'failed at the provider',
      { status: 'failed', error: { code: 'server_error', message: 'sorry' } },
      { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' },
    ],
    [
      'failed by what was asked',
      { status: 'failed', error: { code: 'invalid_prompt', message: 'no' } },
      { kind: 'final', code: 'HW_LLM_REJECTED', remedy: 'other-model' },
    ],
    [
      'failed since there was too much of it',
      { status: 'failed', error: { code: 'context_length_exceeded', message: 'too long' } },
      { kind: 'final', code: 'HW_LLM_REJECTED', remedy: 'other-model' },
    ],
    [
      'failed by what no other model would mend',
      { status: 'failed', error: { code: 'vector_store_timeout', message: 'no' } },
      { kind: 'final', code: 'HW_LLM_REJECTED', remedy: undefined },
    ],
    ['failed without a word', { status: 'failed', error: null }, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    ['cancelled at the provider', { status: 'cancelled' }, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
  ])('is %s', (_, parts, expected) => {
    const read = readResponse(response(parts), pipeline);
    expect({ remedy: undefined, ...read }).toMatchObject(expected);
  });
});

describe('an answer of a pipeline that demands sources', () => {
  const demanding = (minSources: number) => testPipeline({ tools: [{ type: 'web_search' }], minSources });
  const cites = (url: string) => ({ type: 'url_citation', url, title: url, start_index: 0, end_index: 1 });
  const [one, two] = ['https://one.example/', 'https://two.example/'];
  const read = (minSources: number, ...output: object[]) =>
    readResponse(response({ output }), demanding(minSources));

  it.each<[string, number, object[], string]>([
    ['none', 1, [], 'a source is demanded, and the answer cites none'],
    ['too few', 2, [cites(one)], '2 different sources are demanded, and the answer cites only 1'],
    ['one twice', 2, [cites(one), cites(one)], 'the answer cites only 1'],
  ])('is to be mended when it cites %s', (_, minSources, annotations, problem) => {
    expect(read(minSources, message(text(good, annotations)))).toMatchObject({
      kind: 'bad-answer',
      code: 'HW_LLM_BAD_ANSWER',
      message: expect.stringContaining(problem),
      answer: JSON.stringify(good),
    });
  });

  it('is good with enough of them, and with pages that its search consulted where it carries no annotations', () => {
    expect(read(2, message(text(good, [cites(one), cites(two)])))).toMatchObject({ kind: 'answer' });
    const consulted = search([{ type: 'url', url: one }]);
    expect(read(1, consulted, message(text(good)))).toMatchObject({ kind: 'answer' });
  });
});

describe('the usage of a call', () => {
  it('counts tokens and searches', () => {
    const usage = { input_tokens: 12, output_tokens: 34, total_tokens: 46 };
    expect(usageOf(response({ usage, output: [search(), search(), message(text(good))] }))).toEqual({
      inputTokens: 12,
      outputTokens: 34,
      webSearches: 2,
      llmCalls: 1,
    });
  });

  it('tells cached and reasoning tokens, and the cost where the model has a price', () => {
    const usage = {
      ...{ input_tokens: 12, output_tokens: 34, total_tokens: 46 },
      input_tokens_details: { cached_tokens: 5 },
      output_tokens_details: { reasoning_tokens: 30 },
    };
    const prices = { some: { input: 1, output: 2 }, asked: { input: 3, output: 0 } };
    const used = (model: string) => usageOf(response({ usage, model }), { prices, model: 'asked' });
    expect(used('some')).toMatchObject({ cachedInputTokens: 5, reasoningTokens: 30, costNanoUsd: 80_000 });
    expect(used('another').costNanoUsd).toBe(36_000);
    expect(usageOf(response({ usage, model: 'another' }), { prices })).not.toHaveProperty('costNanoUsd');
    const untold = usageOf(response({ usage: undefined, model: 'some' }), { prices });
    expect(untold).not.toHaveProperty('costNanoUsd');
  });

  it('counts the call also when the provider tells nothing', () => {
    expect(usageOf(response({ usage: undefined }))).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      webSearches: 0,
      llmCalls: 1,
    });
  });
});
