import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { CheckedRequest } from '../../../cli/submit/check-request';
import type { Verdict } from '../../../cli/submit/door';
import { createHttpClient, type BatchVerdict } from '../../../cli/submit/http-client';
import { openHttpDoor } from '../../../cli/submit/http-door';

async function* requests(): AsyncGenerator<CheckedRequest> {
  for (const [index, id] of ['a', 'b'].entries())
    yield await Promise.resolve({
      number: index + 1,
      place: `line ${index + 1}`,
      id,
      json: `{"id":"${id}"}`,
    });
}

async function send(batch: () => Promise<BatchVerdict[]>) {
  const client = { batch, get: () => Promise.reject(new Error('not asked')) };
  const door = openHttpDoor({
    client,
    url: 'http://door',
    signal: new AbortController().signal,
    againAfterMs: 1,
  });
  const verdicts: Verdict[] = [];
  let error: unknown;
  try {
    for await (const verdict of door.send(requests())) verdicts.push(verdict);
  } catch (thrown) {
    error = thrown;
  }
  return { told: verdicts.map(({ request, unsure, refused }) => [request.id, unsure, refused?.code]), error };
}

test('a line that has no verdict after all attempts is unsure, and not refused', async () => {
  const { told, error } = await send(() => Promise.resolve([{ line: 1, status: 202 }].slice(0, first())));
  expect(told).toEqual([
    ['a', undefined, undefined],
    ['b', true, undefined],
  ]);
  expect(error).toBeUndefined();
  // The first line is answered in the first attempt only; what is sent again has other numbers.
  function first() {
    return attempts++ === 0 ? 1 : 0;
  }
});
let attempts = 0;

test('a line whose start is uncertain is unsure, also when the door only says later that it is busy', async () => {
  let attempt = 0;
  const { told } = await send(() => {
    attempt += 1;
    const away = { code: 'HW_SERVER_UNREACHABLE', detail: 'no answer', ...(attempt === 1 && { id: 'a' }) };
    const busy = { code: 'HW_OVERLOADED', detail: 'busy' };
    return Promise.resolve([
      { line: 1, status: 503, problem: away },
      { line: 2, status: 503, problem: busy },
    ]);
  });
  expect(told).toEqual([
    ['a', true, undefined],
    ['b', undefined, 'HW_OVERLOADED'],
  ]);
});

test('when the door goes away while it has a batch, its lines are unsure', async () => {
  const { told, error } = await send(() => Promise.reject(new Error('gone')));
  expect(told).toEqual([
    ['a', true, undefined],
    ['b', true, undefined],
  ]);
  expect(error).toMatchObject({ message: 'gone' });
});

test('when the door was never reached, its lines were not sent', async () => {
  const signal = new AbortController().signal;
  const client = createHttpClient({ url: `http://127.0.0.1:${await closedPort()}` }, signal);
  jest.spyOn(Date, 'now').mockImplementation(() => (clock += 61_000));
  const door = openHttpDoor({ client, url: 'http://door', signal });
  const verdicts: Verdict[] = [];
  const sending = (async () => {
    for await (const verdict of door.send(requests())) verdicts.push(verdict);
  })();
  await expect(sending).rejects.toMatchObject({ code: 'HW_SERVER_UNREACHABLE' });
  expect(verdicts.map(({ notSent }) => notSent)).toEqual([true, true]);
  jest.restoreAllMocks();
});
let clock = 1_700_000_000_000;

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
