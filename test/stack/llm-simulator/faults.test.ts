import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import type { ResponseOutputMessage } from 'openai/resources/responses/responses';
import { z } from 'zod';
import { openSimulator, rejectionOf, until, type Opened } from './support';

const answer = z.object({ summary: z.string(), confidence: z.number() });
const text = { format: zodTextFormat(answer, 'answer') };

let opened: Opened;
beforeAll(async () => (opened = await openSimulator()));
afterAll(() => opened.stop());
afterEach(() => opened.reset());

function request(directive: string, more: { background?: boolean; job?: string } = {}) {
  const metadata = { headway_simulate: directive, ...(more.job ? { headway_job_id: more.job } : {}) };
  return {
    model: 'gpt-4.1',
    input: 'Company: Blue Harbor',
    text,
    background: more.background ?? false,
    metadata,
  };
}

const create = (directive: string, more?: Parameters<typeof request>[1]) =>
  opened.client.responses.create(request(directive, more));
const outcome = async (directive: string) => opened.ended((await create(directive, { background: true })).id);
const messageOf = (response: OpenAI.Responses.Response) => response.output.at(-1) as ResponseOutputMessage;

describe('an error at create', () => {
  it.each([
    ['rate_limit', OpenAI.RateLimitError, 429, 'rate_limit_exceeded'],
    ['insufficient_quota', OpenAI.RateLimitError, 429, 'insufficient_quota'],
    ['server_error', OpenAI.InternalServerError, 500, 'server_error'],
    ['overloaded', OpenAI.InternalServerError, 503, 'server_overloaded'],
    ['bad_request', OpenAI.BadRequestError, 400, 'model_not_found'],
  ])('is %s to the client', async (directive, type, status, code) => {
    for (const background of [false, true]) {
      const error = await rejectionOf(create(directive, { background, job: 'refused' }));
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ status, code, error: { message: expect.any(String) } });
    }
    const counts = { calls: 2, accepted: 0, rejected: { [status]: 2 } };
    expect(await opened.countsOf('refused')).toMatchObject(counts);
  });

  it('says how long to wait after a rate limit, in simulated time', async () => {
    const error = await rejectionOf(create('rate_limit'));
    expect(error.headers!.get('retry-after-ms')).toBe('2');
    expect(error.headers!.get('retry-after')).toBe('1');
    expect(error.headers!.get('x-ratelimit-remaining-requests')).toBe('0');
    const other = await rejectionOf(create('rate_limit retry_after=90000'));
    expect(other.headers!.get('retry-after-ms')).toBe('90');
  });

  it('is retried by a client that retries', async () => {
    const client = new OpenAI({ apiKey: 'x', baseURL: opened.baseUrl, maxRetries: 2 });
    const response = await client.responses.create(
      request('rate_limit times=2 retry_after=1000', { job: 'retried' }),
    );
    expect(response.status).toBe('completed');
    expect(await opened.countsOf('retried')).toMatchObject({ calls: 3, accepted: 1, rejected: { 429: 2 } });
  });
});

describe('an error at a poll', () => {
  it.each([
    ['rate_limit', OpenAI.RateLimitError],
    ['server_error', OpenAI.InternalServerError],
    ['overloaded', OpenAI.InternalServerError],
    ['disconnect', OpenAI.APIConnectionError],
  ])('is %s, as often as asked for', async (fault, type) => {
    const { id } = await create(`${fault} at=poll times=2`, { background: true, job: 'polled' });
    for (let poll = 1; poll <= 2; poll++) {
      expect(await rejectionOf(opened.client.responses.retrieve(id))).toBeInstanceOf(type);
    }
    expect((await opened.ended(id)).status).toBe('completed');
    expect(await opened.countsOf('polled')).toMatchObject({ accepted: 1, completed: 1 });
  });

  it('can be silence', async () => {
    const { id } = await create('hang at=poll times=1', { background: true });
    const poll = opened.client.responses.retrieve(id, {}, { timeout: 50 });
    expect(await rejectionOf(poll)).toBeInstanceOf(OpenAI.APIConnectionError);
    expect((await opened.ended(id)).status).toBe('completed');
  });
});

describe('a call that hangs', () => {
  it('gives an inline client no answer', async () => {
    const call = opened.client.responses.create(request('hang', { job: 'hanging' }), { timeout: 50 });
    // Its own class for time-outs outside of jest, whose realm hides the AbortError from the client.
    expect(await rejectionOf(call)).toBeInstanceOf(OpenAI.APIConnectionError);
    const counts = await until(
      () => opened.countsOf('hanging'),
      ({ aborted }) => aborted === 1,
    );
    expect(counts).toMatchObject({ accepted: 1, completed: 0 });
  });

  it('stays in progress in the background', async () => {
    const { id } = await create('hang', { background: true });
    const other = await outcome('latency=20000');
    expect(other.status).toBe('completed');
    expect(['queued', 'in_progress']).toContain((await opened.client.responses.retrieve(id)).status);
  });
});

describe('a connection that ends in the middle', () => {
  it('is a connection error before the first byte', async () => {
    const error = await rejectionOf(create('disconnect part=before'));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
  });

  it('is no error class of the client in the middle of the body', async () => {
    // A trap worth knowing: the client lets the TypeError of fetch through. Whoever retries has to expect it.
    const error = await rejectionOf(create('disconnect part=body'));
    expect(error).not.toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ name: 'TypeError', message: 'terminated' });
  });

  it('leaves a background call running that nobody knows', async () => {
    const call = create('disconnect part=before', { background: true, job: 'orphan' });
    expect(await rejectionOf(call)).toBeInstanceOf(OpenAI.APIConnectionError);
    await until(
      () => opened.countsOf('orphan'),
      ({ completed }) => completed === 1,
    );
  });
});

describe('an answer that is no good', () => {
  it('is broken JSON', async () => {
    for (let job = 0; job < 10; job++) {
      const response = await create('malformed', { job: `broken-${job}` });
      expect(response.status).toBe('completed');
      expect(() => JSON.parse(response.output_text)).toThrow(SyntaxError);
    }
    const parse = opened.client.responses.parse(request('malformed'));
    expect(await rejectionOf(parse)).toBeInstanceOf(Error);
  });

  it('is JSON that the schema does not allow', async () => {
    for (let job = 0; job < 10; job++) {
      const response = await create('wrong_schema', { job: `wrong-${job}` });
      expect(answer.safeParse(JSON.parse(response.output_text)).success).toBe(false);
    }
  });

  it('is a refusal', async () => {
    const response = await opened.client.responses.parse(request('refuse'));
    expect(response.status).toBe('completed');
    expect(messageOf(response).content).toEqual([{ type: 'refusal', refusal: expect.any(String) }]);
    expect(response.output_parsed).toBeNull();
  });

  it.each([
    ['incomplete', 'max_output_tokens'],
    ['incomplete reason=content_filter', 'content_filter'],
  ])('is %s', async (directive, reason) => {
    const response = await outcome(directive);
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason }, error: null });
    expect(messageOf(response).status).toBe('incomplete');
    expect(() => JSON.parse(response.output_text)).toThrow(SyntaxError);
    expect(await opened.totals()).toMatchObject({ incomplete: 1, completed: 0 });
  });

  it.each([
    ['failed', 'server_error'],
    ['failed reason=rate_limit_exceeded', 'rate_limit_exceeded'],
  ])('is %s', async (directive, code) => {
    const response = await outcome(directive);
    expect(response).toMatchObject({
      status: 'failed',
      error: { code, message: expect.any(String) },
      output: [],
    });
  });

  it('is a server error at the end of an inline call that failed', async () => {
    expect(await rejectionOf(create('failed'))).toBeInstanceOf(OpenAI.InternalServerError);
  });

  it('is good again after the first N calls of the job', async () => {
    const parse = () => opened.client.responses.parse(request('malformed times=1', { job: 'repaired' }));
    await rejectionOf(parse());
    expect(answer.safeParse((await parse()).output_parsed).success).toBe(true);
  });
});

describe('a directive', () => {
  it('is read from the text and kept out of the answer', async () => {
    const input = '{"company": "Blue Harbor", "question": "Who leads it? [[simulate: rate_limit times=1]]"}';
    const call = () => opened.client.responses.create({ model: 'm', input, tools: [{ type: 'web_search' }] });
    expect(await rejectionOf(call())).toBeInstanceOf(OpenAI.RateLimitError);
    const response = await call();
    expect(JSON.stringify(response.output)).not.toContain('simulate');
    expect(response.output_text).toContain('Blue Harbor');
  });

  it('may be one of several, which take effect in their order', async () => {
    const directive = 'overloaded times=1; rate_limit times=2; refuse times=3';
    const call = () => create(directive, { job: 'several' });
    expect((await rejectionOf(call())).status).toBe(503);
    expect((await rejectionOf(call())).status).toBe(429);
    expect(messageOf(await call()).content[0]!.type).toBe('refusal');
    expect(messageOf(await call()).content[0]!.type).toBe('output_text');
  });

  it('may be for calls of one model only', async () => {
    const ask = (model: string) =>
      opened.client.responses.create({ ...request('refuse model=gpt-4.1; overloaded model=other'), model });
    expect(messageOf(await ask('gpt-4.1')).content[0]!.type).toBe('refusal');
    expect(messageOf(await ask('gpt-4')).content[0]!.type).toBe('output_text');
    expect((await rejectionOf(ask('other'))).status).toBe(503);
  });

  it('sets the latency', async () => {
    const began = performance.now();
    await create('latency=80000');
    expect(performance.now() - began).toBeGreaterThanOrEqual(79);
    await create('slow');
    expect(performance.now() - began).toBeGreaterThanOrEqual(79 + 29);
  });
});

describe('fault rates', () => {
  it('hit about the share of calls they name, the same ones for the same seed', async () => {
    const run = async () => {
      await opened.reset();
      await opened.setFaults({ rates: { rate_limit: 0.3, refusal: 0.2 } });
      const jobs = Array.from({ length: 200 }, (_, index) => ({ headway_job_id: `job-${index}` }));
      return Promise.all(
        jobs.map(async (metadata) => {
          const call = opened.client.responses.create({ model: 'm', input: 'x', metadata });
          return call.then(
            (response) => messageOf(response).content[0]!.type,
            (error: InstanceType<typeof OpenAI.APIError>) => error.status,
          );
        }),
      );
    };
    const first = await run();
    const count = (what: unknown) => first.filter((one) => one === what).length;
    expect(count(429)).toBeGreaterThan(40);
    expect(count(429)).toBeLessThan(80);
    expect(count('refusal')).toBeGreaterThan(22);
    expect(count('refusal')).toBeLessThan(60);
    expect(await run()).toEqual(first);
    expect((await opened.totals()).faults).toEqual({ rate_limit: count(429), refusal: count('refusal') });
  }, 30_000);

  it('hit polls, too', async () => {
    await opened.setFaults({ pollRates: { server_error: 1 } });
    const { id } = await opened.client.responses.create({ model: 'm', input: 'x', background: true });
    expect(await rejectionOf(opened.client.responses.retrieve(id))).toBeInstanceOf(
      OpenAI.InternalServerError,
    );
    await opened.setFaults({});
    expect((await opened.ended(id)).status).toBe('completed');
  });

  it('can be given at the start', async () => {
    const faulty = await openSimulator({ faults: 'server_error=1' });
    const call = faulty.client.responses.create({ model: 'm', input: 'x' });
    expect(await rejectionOf(call)).toBeInstanceOf(OpenAI.InternalServerError);
    await faulty.stop();
  });

  it.each([
    [{ rates: { rate_limit: 2 } }],
    [{ rates: { unknown: 0.1 } }],
    [{ pollRates: { refusal: 1 } }],
    [{ x: 1 }],
  ])('are refused when they make no sense: %j', async (settings) => {
    expect((await opened.setFaults(settings)).status).toBe(400);
  });
});

describe('while it is away', () => {
  it('resets every connection, the open ones too, and comes back', async () => {
    const open = rejectionOf(create('latency=60000000'));
    const { id } = await create('latency=1000', { background: true, job: 'survivor' });
    await until(opened.totals, ({ inFlight }) => inFlight >= 1);
    await until(opened.totals, ({ accepted }) => accepted === 2);
    await opened.setFaults({ away: true });

    expect(await open).toBeInstanceOf(OpenAI.APIConnectionError);
    expect(await rejectionOf(create('latency=1'))).toBeInstanceOf(OpenAI.APIConnectionError);
    expect(await rejectionOf(opened.client.responses.retrieve(id))).toBeInstanceOf(OpenAI.APIConnectionError);
    expect(await rejectionOf(fetch(`${opened.origin}/healthz`))).toMatchObject({
      cause: { code: 'ECONNRESET' },
    });

    await opened.setFaults({});
    expect((await fetch(`${opened.origin}/healthz`)).status).toBe(200);
    expect((await opened.ended(id)).status).toBe('completed');
    expect(await opened.countsOf('survivor')).toMatchObject({ accepted: 1, completed: 1 });
  });
});
