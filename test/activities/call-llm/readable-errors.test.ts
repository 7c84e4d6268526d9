import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { couldNotConnect } from '../../../activities/call-llm/classify-error';
import { withReadableErrors } from '../../../activities/call-llm/readable-errors';

/** What the client makes of an answer. */
async function errorOf(body: string, status = 400): Promise<APIError> {
  const fetch = withReadableErrors(() =>
    Promise.resolve(new Response(body || null, { status, headers: { 'retry-after': '7' } })),
  );
  const client = new OpenAI({ apiKey: 'any', baseURL: 'http://provider.test/v1', maxRetries: 0, fetch });
  return (await client.responses.retrieve('resp_1').catch((error: unknown) => error)) as APIError;
}

describe('an error of a server', () => {
  it.each([
    ['of OpenAI', { error: { message: 'no such thing' } }, '400 no such thing'],
    ['of FastAPI', { detail: 'queue is full' }, '400 queue is full'],
    ['of FastAPI about a field', { detail: [{ loc: ['body', 'model'] }] }, '400 [{"loc":["body","model"]}]'],
    [
      'of pydantic, without the prompt that it repeats',
      { detail: [{ loc: ['body', 'input'], msg: 'too long', type: 'string', input: 'a secret' }, 'more'] },
      '400 [{"loc":["body","input"],"msg":"too long","type":"string"},"more"]',
    ],
    ['with a bare message', { object: 'error', message: 'too long' }, '400 too long'],
    ['of Ollama', { error: 'model not found' }, '400 "model not found"'],
    ['of a shape that nobody knows', { reason: 'because' }, '400 {"reason":"because"}'],
  ])('%s says what the server said', async (_, body, message) => {
    expect((await errorOf(JSON.stringify(body))).message).toBe(message);
  });

  it.each([
    [502, '<h1>Bad gateway</h1>'],
    [502, ''],
    [304, ''],
    [400, 'null'],
  ])('that is no JSON object is left as it is: %i %j', async (status, body) => {
    const error = await errorOf(body, status);
    expect(error).toBeInstanceOf(APIError);
    expect(error.status).toBe(status);
  });

  it('keeps its code and the headers that say when to come again', async () => {
    const error = await errorOf(JSON.stringify({ error: { message: 'x', code: 'model_not_found' } }), 404);
    expect(error.code).toBe('model_not_found');
    expect((error.headers as Headers).get('retry-after')).toBe('7');
  });
});

test('an answer that is none is not touched', async () => {
  const answer = new Response('{"id":"resp_1"}');
  await expect(withReadableErrors(() => Promise.resolve(answer))('http://provider.test')).resolves.toBe(
    answer,
  );
});

test.each([
  ['of Node.js', { code: 'ETIMEDOUT', syscall: 'connect' }, 'connect ETIMEDOUT 192.0.2.1:443'],
  ['of fetch', { code: 'UND_ERR_CONNECT_TIMEOUT' }, 'Connect Timeout Error (timeout: 10000ms)'],
])(
  'a connection that did not come about in time is no request without an answer: %s',
  async (_, fields, says) => {
    const cause = Object.assign(new Error(says), fields);
    const fetch = withReadableErrors(() => Promise.reject(new TypeError('fetch failed', { cause })));
    const client = new OpenAI({ apiKey: 'any', baseURL: 'http://provider.test/v1', maxRetries: 0, fetch });
    const error: unknown = await client.responses.retrieve('resp_1').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(error).not.toBeInstanceOf(APIConnectionTimeoutError);
    expect(couldNotConnect(error)).toBe(true);
  },
);
