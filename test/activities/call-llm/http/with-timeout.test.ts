import { getEventListeners } from 'node:events';
import OpenAI, { APIConnectionTimeoutError, InternalServerError } from 'openai';
import { createHttpFetch } from '../../../../activities/call-llm/http/http-fetch';
import { withTimeout } from '../../../../activities/call-llm/http/with-timeout';
import { inSandbox } from '../simulator';
import { openServer } from './local-server';

type Respond = Parameters<typeof openServer>[0];

let server: Awaited<ReturnType<typeof openServer>> | undefined;
const opened = async (respond: Respond) => (server = await openServer(respond)).origin;
afterEach(() => {
  jest.restoreAllMocks();
  return server?.close();
});

/** One request, which the client itself would wait for much longer. */
function ask(origin: string, fetch: typeof globalThis.fetch, milliseconds: number) {
  const client = new OpenAI({ apiKey: 'any', baseURL: `${origin}/v1`, maxRetries: 0, fetch });
  let used: AbortSignal | undefined;
  const answer = withTimeout(milliseconds, (signal) => {
    used = signal;
    return client.responses.retrieve('resp_1', {}, { timeout: 60_000, signal });
  });
  return { answer, wasAborted: () => used?.aborted };
}

describe.each([
  ['our own fetch', () => inSandbox(createHttpFetch())],
  ['that of Node.js, which gives the headers first', () => fetch],
])('through %s', (_, openFetch) => {
  it.each<[string, Respond]>([
    ['no answer', () => {}],
    ['the headers and no more', (_seen, answer) => void answer.writeHead(200).write('{')],
  ])('%s in time is a timeout of the client', async (_what, respond) => {
    const { answer, wasAborted } = ask(await opened(respond), openFetch(), 50);
    await expect(answer).rejects.toThrow(APIConnectionTimeoutError);
    expect(wasAborted()).toBe(true);
  });

  it('gives the answer, and leaves no timer', async () => {
    const origin = await opened((_seen, answer) =>
      answer.setHeader('content-type', 'application/json').end('{"id":"resp_1"}'),
    );
    const [set, cleared] = [jest.spyOn(globalThis, 'setTimeout'), jest.spyOn(globalThis, 'clearTimeout')];
    const { answer, wasAborted } = ask(origin, openFetch(), 54_321);
    await expect(answer).resolves.toMatchObject({ id: 'resp_1' });
    const index = set.mock.calls.findIndex(([, ms]) => ms === 54_321);
    expect(index).toBeGreaterThanOrEqual(0);
    expect(cleared).toHaveBeenCalledWith(set.mock.results[index]?.value);
    expect(wasAborted()).toBe(false);
  });

  it('leaves an error as it is', async () => {
    const origin = await opened((_seen, answer) => answer.writeHead(500).end());
    await expect(ask(origin, openFetch(), 60_000).answer).rejects.toThrow(InternalServerError);
  });
});

describe('what gives a request up', () => {
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });

  it('is no timeout', async () => {
    const givenUp = new AbortController();
    const request = withTimeout(60_000, hang, givenUp.signal);
    givenUp.abort(new Error('given up'));
    await expect(request).rejects.toThrow('given up');
  });

  it('may have done so before', async () => {
    const request = (signal: AbortSignal) => Promise.resolve(signal.aborted);
    await expect(withTimeout(60_000, request, AbortSignal.abort())).resolves.toBe(true);
  });

  it('is not listened to any longer than the request lasts', async () => {
    const { signal } = new AbortController();
    const during = await withTimeout(
      60_000,
      () => Promise.resolve(getEventListeners(signal, 'abort')),
      signal,
    );
    expect(during).toHaveLength(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('does not take an answer for a timeout, however late it is seen', async () => {
  const answer = new InternalServerError(500, {}, 'no', new Headers());
  const request = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(answer)));
  await expect(withTimeout(1, request)).rejects.toBe(answer);
});
