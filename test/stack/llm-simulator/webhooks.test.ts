import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import type { UnwrapWebhookEvent } from 'openai/resources/webhooks';
import type { WebhookCounts } from '../../../stack/llm-simulator/webhooks';
import { openSimulator, until, type Opened } from './support';

const SECRET = `whsec_${Buffer.from('of the simulator, 24 bytes').toString('base64')}`;
const { webhooks } = new OpenAI({ apiKey: 'any' });

/** What a receiver took, checked by the client of OpenAI, and what it answers. */
async function openReceiver() {
  const events: UnwrapWebhookEvent[] = [];
  const receiver = { events, asked: 0, status: 204 };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      webhooks.unwrap(body, headers, SECRET).then(
        (event) => {
          if (receiver.status < 300) events.push(event);
          response.writeHead(receiver.status).end();
          receiver.asked++;
        },
        () => response.writeHead(400).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  return { receiver, url, close: () => new Promise((resolve) => server.close(resolve)) };
}

let opened: Awaited<ReturnType<typeof openReceiver>>;
let simulator: Opened;
beforeEach(async () => {
  opened = await openReceiver();
  simulator = await openSimulator({ webhookUrl: opened.url, webhookSecret: SECRET });
});
afterEach(async () => {
  await simulator.stop();
  await opened.close();
});

const create = (directive = '', more: { background?: boolean; max_output_tokens?: number } = {}) =>
  simulator.client.responses.create({
    model: 'gpt-5',
    input: `Company: Blue Harbor.${directive && ` [[simulate: ${directive}]]`}`,
    background: true,
    ...more,
  });
const counts = async () =>
  (await fetch(`${simulator.origin}/simulator/webhooks`)).json() as Promise<WebhookCounts>;

/** After a request, so that others get their turn. */
const whenAsked = async <T>(value: T): Promise<T> => counts().then(() => value);

it.each([
  ['', 'response.completed'],
  ['failed', 'response.failed'],
  ['incomplete', 'response.incomplete'],
])(
  'the end of a background call is told, signed, without anybody asking for it: %s',
  async (directive, type) => {
    const { id } = await create(directive);
    const [event] = await until(
      () => whenAsked(opened.receiver.events),
      ({ length }) => length > 0,
    );
    expect(event).toMatchObject({ object: 'event', id: expect.stringMatching(/^evt_/), type, data: { id } });
    const told = await until(counts, ({ delivered }) => delivered > 0);
    expect(told).toEqual({ due: 1, sent: 1, delivered: 1, givenUp: 0 });
    expect(await simulator.totals()).toMatchObject({ polls: 0 });
  },
);

it('one that is cancelled, or cut off by max_output_tokens, is told as such; an inline call is not', async () => {
  await create('', { background: false });
  const { id } = await create('latency=10000000');
  await simulator.client.responses.cancel(id);
  await create('', { max_output_tokens: 16 });
  const events = await until(
    () => whenAsked(opened.receiver.events),
    ({ length }) => length > 1,
  );
  expect(events.map(({ type }) => type).sort()).toEqual(['response.cancelled', 'response.incomplete']);
  expect(await counts()).toMatchObject({ due: 2 });
});

it('a webhook that is refused is sent again', async () => {
  opened.receiver.status = 503;
  await create();
  await until(
    () => whenAsked(opened.receiver),
    ({ asked }) => asked > 0,
  );
  opened.receiver.status = 204;
  const told = await until(counts, ({ delivered }) => delivered > 0);
  expect(told).toEqual({ due: 1, sent: 2, delivered: 1, givenUp: 0 });
});

it('how late an end was seen is counted once for each call', async () => {
  const { id } = await create();
  await simulator.ended(id);
  await simulator.client.responses.retrieve(id);
  const lateness: unknown = await (await fetch(`${simulator.origin}/simulator/lateness`)).json();
  expect(lateness).toMatchObject({ count: 1, p50: expect.any(Number) });
});
