import OpenAI, { APIConnectionTimeoutError, InternalServerError } from 'openai';
import { createHttpFetch } from '../../../../activities/call-llm/http/http-fetch';
import { withTimeout } from '../../../../activities/call-llm/http/with-timeout';
import { inSandbox } from '../simulator';
import { openServer } from './local-server';

type Respond = Parameters<typeof openServer>[0];

let server: Awaited<ReturnType<typeof openServer>>;
const opened = async (respond: Respond) => (server = await openServer(respond)).origin;
afterEach(() => server.close());

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
    expect(cleared).toHaveBeenCalledWith(set.mock.results[index]?.value);
    jest.restoreAllMocks();
    expect(wasAborted()).toBe(false);
  });

  it('leaves an error as it is', async () => {
    const origin = await opened((_seen, answer) => answer.writeHead(500).end());
    await expect(ask(origin, openFetch(), 60_000).answer).rejects.toThrow(InternalServerError);
  });
});
