import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { openSimulator, rejectionOf, until, type Opened } from './support';

const brief = z.object({
  summary: z.string(),
  facts: z.array(z.object({ statement: z.string(), sources: z.array(z.string()).max(5) })).max(20),
  confidence: z.number().min(0).max(1),
});
const input =
  '{ "company": "Müller & Söhne \\u003cGmbH>", "domain": "mueller.example", "question": "Who leads it?" }';

let opened: Opened;
beforeEach(async () => (opened = await openSimulator()));
afterEach(() => opened.stop());

describe('an inline call', () => {
  it('answers with what responses.parse can parse', async () => {
    const response = await opened.client.responses.parse({
      model: 'gpt-4.1',
      instructions: 'Be brief.',
      input,
      metadata: { headway_job_id: 'job-1' },
      text: { format: zodTextFormat(brief, 'company_brief') },
    });
    expect(response.status).toBe('completed');
    expect(brief.parse(response.output_parsed)).toEqual(JSON.parse(response.output_text));
    expect(response.output_parsed!.summary).toContain('Müller & Söhne <GmbH>');
    expect(response.output_parsed!.facts.length).toBeGreaterThanOrEqual(3);
  });

  it('repeats the request in the response object', async () => {
    const tools = [{ type: 'web_search' as const, search_context_size: 'low' as const }];
    const request = { model: 'my-model', instructions: 'Be brief.', metadata: { tenant: 'a' }, tools };
    const format = zodTextFormat(brief, 'company_brief');
    const response = await opened.client.responses.create({ ...request, input, text: { format } });
    expect(response).toMatchObject({ ...request, object: 'response', error: null, incomplete_details: null });
    expect(response.text?.format).toEqual(JSON.parse(JSON.stringify(format)));
    expect(response.id).toMatch(/^resp_/);
    expect(response.completed_at).toBeGreaterThanOrEqual(response.created_at);
  });

  it('accounts for tokens', async () => {
    const { usage } = await opened.client.responses.create({ model: 'gpt-5', input });
    expect(usage!.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(usage!.total_tokens).toBe(usage!.input_tokens + usage!.output_tokens);
  });

  it('cuts the answer off at max_output_tokens', async () => {
    const response = await opened.client.responses.create({ model: 'gpt-4.1', input, max_output_tokens: 16 });
    expect(response.status).toBe('incomplete');
    expect(response.incomplete_details).toEqual({ reason: 'max_output_tokens' });
    expect(response.usage!.output_tokens).toBe(16);
  });

  it('can be read again, unless store is false', async () => {
    const kept = await opened.client.responses.create({ model: 'gpt-4.1', input });
    expect(await opened.client.responses.retrieve(kept.id)).toEqual(kept);
    const unkept = await opened.client.responses.create({ model: 'gpt-4.1', input, store: false });
    expect(await rejectionOf(opened.client.responses.retrieve(unkept.id))).toBeInstanceOf(
      OpenAI.NotFoundError,
    );
  });

  it('ends when the client goes away', async () => {
    const abort = new AbortController();
    const call = opened.client.responses.create(
      { model: 'gpt-4.1', input: '[[simulate: hang]]', metadata: { headway_job_id: 'gone' } },
      { signal: abort.signal },
    );
    const rejected = rejectionOf(call);
    await until(opened.totals, ({ inFlight }) => inFlight === 1);
    abort.abort();
    expect(await rejected).toBeInstanceOf(OpenAI.APIUserAbortError);
    await until(opened.totals, ({ inFlight }) => inFlight === 0);
    expect(await opened.countsOf('gone')).toMatchObject({ accepted: 1, aborted: 1, completed: 0 });
  });
});

describe('a background call', () => {
  it('is answered at once and completed later', async () => {
    const started = await opened.client.responses.create({ model: 'gpt-4.1', input, background: true });
    expect(started).toMatchObject({ status: 'queued', background: true, output: [], output_text: '' });
    expect(started.usage).toBeNull();
    const ended = await opened.ended(started.id);
    expect(ended).toMatchObject({ id: started.id, status: 'completed', created_at: started.created_at });
    expect(ended.output_text).toContain('Müller & Söhne');
  });

  it('is in progress once it has left the queue', async () => {
    const slow = { model: 'gpt-4.1', input: '[[simulate: latency=10000000]]', background: true };
    const { id } = await opened.client.responses.create(slow);
    const read = () => opened.client.responses.retrieve(id);
    const { status } = await until(read, (response) => response.status !== 'queued');
    expect(status).toBe('in_progress');
  });

  it('can be cancelled, any number of times', async () => {
    const hanging = { model: 'gpt-4.1', input: '[[simulate: hang]]', background: true };
    const { id } = await opened.client.responses.create(hanging);
    expect((await opened.client.responses.cancel(id)).status).toBe('cancelled');
    expect((await opened.client.responses.cancel(id)).status).toBe('cancelled');
    expect(await opened.client.responses.retrieve(id)).toMatchObject({ status: 'cancelled', output: [] });
    expect(await opened.totals()).toMatchObject({ cancelled: 1, inFlight: 0 });
  });

  it('stays completed when the cancel comes too late', async () => {
    const { id } = await opened.client.responses.create({ model: 'gpt-4.1', input, background: true });
    await opened.ended(id);
    expect((await opened.client.responses.cancel(id)).status).toBe('completed');
    expect(await opened.totals()).toMatchObject({ cancelled: 0, completed: 1 });
  });

  it('is gone after a delete', async () => {
    const hanging = { model: 'gpt-4.1', input: '[[simulate: hang]]', background: true };
    const { id } = await opened.client.responses.create(hanging);
    await opened.client.responses.delete(id);
    expect(await rejectionOf(opened.client.responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(await opened.totals()).toMatchObject({ cancelled: 1, inFlight: 0 });
  });

  describe('as one of a thousand', () => {
    const startAll = (directive: string) =>
      Promise.all(
        Array.from({ length: 1_000 }, (_, index) =>
          opened.client.responses.create({
            model: 'gpt-4.1',
            input,
            background: true,
            metadata: { headway_job_id: `many-${index}`, headway_simulate: directive },
          }),
        ),
      );

    it('is in flight with all the others', async () => {
      const started = await startAll('hang');
      expect(new Set(started.map(({ id }) => id)).size).toBe(1_000);
      expect(await opened.totals()).toMatchObject({ inFlight: 1_000, peakInFlight: 1_000, jobs: 1_000 });
      const ended = await Promise.all(started.map(({ id }) => opened.client.responses.cancel(id)));
      expect(ended.every(({ status }) => status === 'cancelled')).toBe(true);
      expect(await opened.totals()).toMatchObject({ accepted: 1_000, cancelled: 1_000, inFlight: 0 });
    }, 30_000);

    it('is completed', async () => {
      const started = await startAll('latency=100');
      const ended = await Promise.all(started.map(({ id }) => opened.ended(id)));
      expect(ended.every(({ status, output_text }) => status === 'completed' && output_text)).toBe(true);
      expect(await opened.totals()).toMatchObject({ accepted: 1_000, completed: 1_000, inFlight: 0 });
    }, 30_000);
  });
});

describe('a request that cannot be served', () => {
  it.each([
    ['no model', { input: 'Hello' }, 'model', 'missing_required_parameter'],
    ['no input', { model: 'gpt-4.1' }, 'input', 'missing_required_parameter'],
    [
      'a metadata value that is too long',
      { model: 'm', input: 'x', metadata: { a: 'b'.repeat(513) } },
      'metadata.a',
      'invalid_value',
    ],
    ['stream', { model: 'm', input: 'x', stream: true }, 'stream', 'unsupported_value'],
    ['background without store', { model: 'm', input: 'x', background: true, store: false }, 'store', null],
    [
      'a tiny max_output_tokens',
      { model: 'm', input: 'x', max_output_tokens: 3 },
      'max_output_tokens',
      'invalid_value',
    ],
    [
      'a directive with a typing error',
      { model: 'm', input: '[[simulate: sloow]]' },
      'metadata.headway_simulate',
      'invalid_simulator_directive',
    ],
  ])('is a bad request with %s', async (_, body, param, code) => {
    const error = await rejectionOf(opened.client.responses.create(body as never));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.param).toBe(param);
    expect(error.code).toBe(code);
    expect((await opened.totals()).accepted).toBe(0);
  });

  it('is refused without a key', async () => {
    const client = new OpenAI({
      apiKey: 'x',
      baseURL: opened.baseUrl,
      maxRetries: 0,
      defaultHeaders: { authorization: null },
    });
    const error = await rejectionOf(client.responses.create({ model: 'm', input }));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it('is not found with an unknown id', async () => {
    for (const call of [
      opened.client.responses.retrieve('resp_unknown'),
      opened.client.responses.cancel('resp_unknown'),
      opened.client.responses.delete('resp_unknown'),
    ]) {
      expect(await rejectionOf(call)).toBeInstanceOf(OpenAI.NotFoundError);
    }
  });

  it('is a bad request to cancel an inline call', async () => {
    const { id } = await opened.client.responses.create({ model: 'm', input });
    expect(await rejectionOf(opened.client.responses.cancel(id))).toBeInstanceOf(OpenAI.BadRequestError);
  });
});

it('says in every answer that it is the simulator, and which request it was', async () => {
  const { response, request_id } = await opened.client.models.list().withResponse();
  expect(response.headers.get('x-headway-simulator')).toBe('true');
  expect(request_id).toMatch(/^req_/);
  const error = await rejectionOf(opened.client.responses.retrieve('resp_unknown'));
  expect(error.headers!.get('x-headway-simulator')).toBe('true');
  expect(error.requestID).not.toBe(request_id);
});

it('forgets the oldest finished responses', async () => {
  const small = await openSimulator({ retainMax: 2 });
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) {
    ids.push((await small.client.responses.create({ model: 'm', input })).id);
  }
  expect(await rejectionOf(small.client.responses.retrieve(ids[0]!))).toBeInstanceOf(OpenAI.NotFoundError);
  expect((await small.client.responses.retrieve(ids[1]!)).id).toBe(ids[1]);
  await small.stop();
});
