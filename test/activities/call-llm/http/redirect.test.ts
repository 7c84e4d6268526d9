import { createHttpFetch } from '../../../../activities/call-llm/http/http-fetch';
import { openServer } from './local-server';

/** A server that sends on what it gets, and one that answers: the same one, or another. */
async function sendThrough(status: number, init: RequestInit, elsewhere: boolean) {
  const target = await openServer((_, answer) => answer.end('{"from":"target"}'));
  const first = await openServer(({ url }, answer) => {
    if (url === '/next') return answer.end('{"from":"first"}');
    return answer.writeHead(status, { location: elsewhere ? `${target.origin}/next` : 'next' }).end();
  });
  try {
    const answer = await createHttpFetch()(`${first.origin}/begin`, init);
    return { answer: await answer.json(), requests: [...first.requests, ...target.requests] };
  } finally {
    await Promise.all([first.close(), target.close()]);
  }
}

const create = {
  method: 'POST',
  body: '{"input":"x"}',
  headers: new Headers({ authorization: 'Bearer key', 'content-type': 'application/json' }),
};

test.each([307, 308])('%i sends the request on with its body', async (status) => {
  const { answer, requests } = await sendThrough(status, create, false);
  expect(answer).toEqual({ from: 'first' });
  expect(requests[1]).toMatchObject({
    ...{ method: 'POST', url: '/next', body: '{"input":"x"}' },
    headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
  });
});

test.each([301, 302, 303])(
  '%i asks for the result: a call that may be made is not made again',
  async (status) => {
    const { requests } = await sendThrough(status, create, false);
    expect(requests.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/begin', '{"input":"x"}'],
      ['GET', '/next', ''],
    ]);
    expect(requests[1]!.headers).not.toHaveProperty('content-type');
  },
);

test.each([301, 302, 303, 307, 308])('%i of a question is followed', async (status) => {
  const { answer, requests } = await sendThrough(status, { headers: create.headers }, false);
  expect(answer).toEqual({ from: 'first' });
  expect(requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
});

test('the key does not go to another server', async () => {
  const { answer, requests } = await sendThrough(307, create, true);
  expect(answer).toEqual({ from: 'target' });
  expect(requests[0]!.headers).toHaveProperty('authorization');
  expect(requests[1]!.headers).not.toHaveProperty('authorization');
});

test('300 and one without a location are answers like any other', async () => {
  const server = await openServer(({ url }, answer) => answer.writeHead(Number(url!.slice(1))).end('here'));
  const send = createHttpFetch();
  for (const status of [300, 302]) {
    const answer = await send(`${server.origin}/${status}`);
    expect([answer.status, await answer.text()]).toEqual([status, 'here']);
  }
  await server.close();
});
