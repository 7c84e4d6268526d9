import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError } from 'openai';
import { classifyError, couldNotConnect } from '../../../../activities/call-llm/classify-error';
import { createHttpFetch } from '../../../../activities/call-llm/http/http-fetch';
import { inSandbox } from '../simulator';
import { openServer } from './local-server';

type Respond = Parameters<typeof openServer>[0];

const servers: Awaited<ReturnType<typeof openServer>>[] = [];

async function open(respond: Respond) {
  const server = await openServer(respond);
  servers.push(server);
  return server;
}

afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** What the client makes of a request that fails. */
async function errorOf(origin: string, options: OpenAI.RequestOptions = {}): Promise<Error> {
  const fetch = inSandbox(createHttpFetch({ connectMs: 20 }));
  const client = new OpenAI({ apiKey: 'any', baseURL: `${origin}/v1`, maxRetries: 0, fetch });
  return client.responses
    .create({ model: 'm', input: 'x', background: true }, options)
    .then(() => Promise.reject(new Error('it did not fail')))
    .catch((error: unknown) => error as Error);
}

const unavailable = { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true };

describe('a request', () => {
  it('arrives as it was made, and its answer comes back', async () => {
    const server = await open((_, answer) =>
      answer.writeHead(201, { 'x-request-id': 'req_1', 'content-type': 'application/json' }).end('{"a":"ö"}'),
    );
    const headers = new Headers({ authorization: 'Bearer key', 'content-type': 'application/json' });
    const init = { method: 'POST', headers, body: '{"b":"ä"}' };
    const answer = await createHttpFetch()(`${server.origin}/v1/responses?x=1`, init);
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        url: '/v1/responses?x=1',
        body: '{"b":"ä"}',
        headers: { authorization: 'Bearer key' },
      },
    ]);
    expect(server.requests[0]!.headers['content-length']).toBe('10');
    expect(answer).toMatchObject({ status: 201, ok: true, statusText: 'Created' });
    expect(answer.headers.get('x-request-id')).toBe('req_1');
    await expect(answer.clone().text()).resolves.toBe('{"a":"ö"}');
    await expect(answer.json()).resolves.toEqual({ a: 'ö' });
  });

  it('may wait for its answer for longer than an idle connection is kept', async () => {
    const server = await open((_, answer) => setTimeout(() => answer.end('{}'), 100));
    const answer = await createHttpFetch({ idleMs: 10 })(server.origin, { method: 'POST', body: '{}' });
    await expect(answer.json()).resolves.toEqual({});
    expect(server.requests).toHaveLength(1);
  });

  it.each(['POST', 'GET'])('goes without a body: %s', async (method) => {
    const server = await open((_, answer) => answer.end('{}'));
    await createHttpFetch()(server.origin, { method });
    expect(server.requests).toMatchObject([{ method, body: '' }]);
  });

  it.each([204, 205, 304])('may be answered by a status that has no body: %i', async (status) => {
    const server = await open((_, answer) => answer.writeHead(status).end());
    const answer = await createHttpFetch()(server.origin);
    expect(answer).toMatchObject({ status, body: null });
    await expect(answer.text()).resolves.toBe('');
  });

  it('with a body that is no text is left to fetch', async () => {
    const server = await open((_, answer) => answer.end('{}'));
    const spy = jest.spyOn(globalThis, 'fetch');
    await createHttpFetch()(server.origin, { method: 'POST', body: new Uint8Array([65]) });
    expect(server.requests).toMatchObject([{ body: 'A' }]);
    expect(spy).toHaveBeenCalledTimes(1);
  });
});

describe('a connection', () => {
  it('is used again', async () => {
    const server = await open((_, answer) => answer.end('{}'));
    const send = createHttpFetch();
    for (let n = 0; n < 3; n++) await send(server.origin, { method: 'POST', body: '{}' });
    expect(server.requests).toHaveLength(3);
    expect(server.sockets.size).toBe(1);
  });

  it('is not used again where the server says that it closes it at once', async () => {
    const server = await open((_, answer) => answer.setHeader('keep-alive', 'timeout=1').end('{}'));
    const send = createHttpFetch();
    for (let n = 0; n < 2; n++) await send(server.origin);
    expect(server.sockets.size).toBe(2);
  });

  it('that the server has closed meanwhile is replaced', async () => {
    const server = await open((_, answer) => answer.end('{}'));
    const send = createHttpFetch();
    await send(server.origin);
    const [socket] = [...server.sockets];
    socket!.end();
    await once(socket!, 'close');
    await expect(send(server.origin).then(({ status }) => status)).resolves.toBe(200);
    expect(server.sockets.size).toBe(2);
  });

  it('that breaks under a request fails it, and nothing is sent twice', async () => {
    const server = await open((_, answer, socket) => {
      if (server.requests.length === 1) answer.end();
      else socket.destroy();
    });
    const fetch = createHttpFetch();
    const client = new OpenAI({ apiKey: 'any', baseURL: server.origin, maxRetries: 0, fetch });
    await fetch(server.origin);
    const error: unknown = await client.responses.create({ model: 'm', input: 'x' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(classifyError(error)).toMatchObject(unavailable);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect(server.sockets.size).toBe(1);
  });

  it('that breaks within the answer fails the request', async () => {
    const server = await open((_, answer, socket) => {
      answer.writeHead(200, { 'content-length': '10' }).write('{"id":', () => socket.destroy());
    });
    const error = await errorOf(server.origin);
    expect(error).toMatchObject({ cause: { message: 'fetch failed', cause: { code: 'ECONNRESET' } } });
    expect(couldNotConnect(error)).toBe(false);
    expect(classifyError(error)).toMatchObject(unavailable);
  });

  it('that is refused says so', async () => {
    const server = await openServer(() => {});
    await server.close();
    const error = await errorOf(server.origin);
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(error).toMatchObject({ cause: { cause: { code: 'ECONNREFUSED' } } });
    expect(couldNotConnect(error)).toBe(true);
    expect(classifyError(error)).toMatchObject(unavailable);
  });

  it('that does not come about is given up', async () => {
    jest.spyOn(dns, 'lookup').mockImplementation(() => {});
    const error = await errorOf('http://provider.test');
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(error).toMatchObject({ cause: { cause: { code: 'ETIMEDOUT' } } });
    // Of a request held open that would say that the call has been made.
    expect(error).not.toBeInstanceOf(APIConnectionTimeoutError);
    expect(couldNotConnect(error)).toBe(true);
    expect(classifyError(error)).toMatchObject(unavailable);
  });
});

it('gives up a server that does not answer to TLS', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const error = await errorOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(error).toMatchObject({ cause: { cause: { code: 'ETIMEDOUT' } } });
  expect(couldNotConnect(error)).toBe(true);
  server.close();
});

describe('an abort', () => {
  it('before the request sends nothing', async () => {
    const server = await open((_, answer) => answer.end('{}'));
    const reason = new Error('given up');
    await expect(createHttpFetch()(server.origin, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(server.sockets.size).toBe(0);
  });

  it.each([
    ['before the answer', () => {}],
    ['within the answer', (answer) => answer.writeHead(200, { 'content-length': '10' }).write('{')],
  ] as [string, (answer: Parameters<Respond>[1]) => void][])(
    '%s rejects with its reason and closes the connection',
    async (_, begin) => {
      const giveUp = new AbortController();
      const reason = new Error('given up');
      let closed: Promise<unknown> | undefined;
      const server = await open((_, answer, socket) => {
        closed = new Promise((resolve) => socket.on('close', resolve));
        begin(answer);
        setImmediate(() => giveUp.abort(reason));
      });
      await expect(createHttpFetch()(server.origin, { signal: giveUp.signal })).rejects.toBe(reason);
      await closed;
    },
  );

  it("of the client's own timeout is one", async () => {
    const server = await open(() => {});
    await expect(errorOf(server.origin, { timeout: 20 })).resolves.toBeInstanceOf(APIConnectionTimeoutError);
  });

  it('behind the answer does nothing', async () => {
    const server = await open((_, answer) => answer.end('{"a":1}'));
    const giveUp = new AbortController();
    const answer = await createHttpFetch()(server.origin, { signal: giveUp.signal });
    giveUp.abort();
    await expect(answer.json()).resolves.toEqual({ a: 1 });
  });
});
