import { newApiKey } from '../../../runtime/api-keys';
import { eventOf, fakeWebhooks, signed, WEBHOOK_SECRET } from './fake-webhooks';
import { closeDoors, openDoor, type TestDoor } from './support';

afterEach(closeDoors);

const PATH = '/v1/llm-webhooks';
const OTHER_SECRET = `whsec_${Buffer.from('another one of 24 bytes or so').toString('base64')}`;

const send = (door: TestDoor, body: string, headers: Record<string, string> = signed(body)) =>
  door.call('POST', PATH, { body, headers });

async function counted(door: TestDoor): Promise<Record<string, number>> {
  const metric = await door.metrics.registry.getSingleMetric('headway_http_llm_webhooks_total')!.get();
  return Object.fromEntries(
    metric.values.map(({ labels, value }) => [`${labels['type']} ${labels['outcome']}`, value]),
  );
}

test.each(['response.completed', 'response.failed', 'response.incomplete', 'response.cancelled'])(
  '%s is written down, without an API key',
  async (type) => {
    const webhooks = fakeWebhooks();
    const { name, sha256 } = { name: 'a', ...newApiKey() };
    const door = await openDoor({ webhooks, keys: [{ name, sha256, tenant: '*', scopes: ['read'] }] });
    expect((await send(door, eventOf('resp_1', type))).status).toBe(204);
    expect([...webhooks.calls]).toEqual(['resp_1']);
    expect(await counted(door)).toEqual({ [`${type} taken`]: 1 });
  },
);

test('the same webhook once more is taken, and changes nothing', async () => {
  const webhooks = fakeWebhooks();
  const door = await openDoor({ webhooks });
  const body = eventOf('resp_1');
  const headers = signed(body);
  expect([(await send(door, body, headers)).status, (await send(door, body, headers)).status]).toEqual([
    204, 204,
  ]);
  expect(await counted(door)).toEqual({ 'response.completed taken': 1, 'response.completed repeated': 1 });
});

test('a secret that is being changed: each of several may have signed', async () => {
  const webhooks = fakeWebhooks([WEBHOOK_SECRET, OTHER_SECRET]);
  const door = await openDoor({ webhooks });
  for (const secret of [WEBHOOK_SECRET, OTHER_SECRET]) {
    const body = eventOf(`by ${secret}`);
    expect((await send(door, body, signed(body, { secret }))).status).toBe(204);
  }
  const body = eventOf('both');
  const headers = signed(body);
  const wrong = signed(body, { secret: `${OTHER_SECRET}AAAA` })['webhook-signature'];
  headers['webhook-signature'] = `v1a,x ${wrong} ${headers['webhook-signature']}`;
  expect((await send(door, body, headers)).status).toBe(204);
  expect(webhooks.calls.size).toBe(3);
});

const body = eventOf('resp_1');
const without = (name: string) => {
  const headers = signed(body);
  delete headers[name];
  return headers;
};
test.each<[string, Record<string, string>]>([
  ['another secret', signed(body, { secret: OTHER_SECRET })],
  ['another body', signed(eventOf('resp_2'))],
  ['another spelling of the same JSON', signed(body.replace('{', '{ '))],
  ['six minutes ago', signed(body, { secondsAgo: 360 })],
  ['in six minutes', signed(body, { secondsAgo: -360 })],
  ['another id', { ...signed(body), 'webhook-id': 'wh_2' }],
  [
    'another time',
    { ...signed(body), 'webhook-timestamp': signed(body, { secondsAgo: 60 })['webhook-timestamp']! },
  ],
  ['a time that is none', { ...signed(body), 'webhook-timestamp': 'now' }],
  [
    'half a signature',
    { ...signed(body), 'webhook-signature': signed(body)['webhook-signature']!.slice(0, 20) },
  ],
  ['no version', { ...signed(body), 'webhook-signature': signed(body)['webhook-signature']!.slice(3) }],
  ['no signature', without('webhook-signature')],
  ['no id', without('webhook-id')],
  ['no time', without('webhook-timestamp')],
])('a webhook signed with %s is refused, with the same words as any other', async (_name, headers) => {
  const webhooks = fakeWebhooks();
  const door = await openDoor({ webhooks });
  const answer = await send(door, body, headers);
  expect([answer.status, answer.body.code, answer.body.detail]).toEqual([
    400,
    'HW_WEBHOOK_REFUSED',
    'the signature is missing, wrong or out of date',
  ]);
  expect(answer.headers.get('connection')).toBe('close');
  expect(webhooks.calls.size).toBe(0);
  expect(await counted(door)).toEqual({ 'unknown refused': 1 });
});

test.each(['response.created', 'batch.completed', '__proto__'])('%s is taken and ignored', async (type) => {
  const webhooks = fakeWebhooks();
  const door = await openDoor({ webhooks });
  expect((await send(door, eventOf('resp_1', type))).status).toBe(204);
  expect(webhooks.calls.size).toBe(0);
  expect(await counted(door)).toEqual({ 'other ignored': 1 });
});

test.each(['{', 'null', '[]', '{"type":"response.completed"}', eventOf(''), eventOf('x'.repeat(201))])(
  'what is signed, and no event of a response, is ignored: %.40s',
  async (odd) => {
    const webhooks = fakeWebhooks();
    const door = await openDoor({ webhooks });
    expect((await send(door, odd)).status).toBe(204);
    expect(webhooks.calls.size).toBe(0);
  },
);

test('many that are not signed are told to wait, and one that is gets in all the same', async () => {
  const webhooks = fakeWebhooks();
  const door = await openDoor({ webhooks });
  const wrong = () => send(door, body, signed(body, { secret: OTHER_SECRET }));
  const answers = [];
  for (let n = 0; n < 61; n++) answers.push(await wrong());
  expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 60 }, () => 400), 429]);
  expect(answers.at(-1)!.headers.get('retry-after')).toBe('60');
  expect((await send(door, body)).status).toBe(204);
});

test('without a database it is 503, so that the provider sends it again; no word of the reason goes out', async () => {
  const webhooks = fakeWebhooks();
  const door = await openDoor({ webhooks });
  webhooks.trouble = new Error('password of db-7 is wrong');
  const answer = await send(door, body);
  expect([answer.status, answer.body.code]).toEqual([503, 'HW_UNAVAILABLE']);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(answer.text).not.toContain('db-7');
  expect(door.log.join('')).toContain('db-7');
  expect(await counted(door)).toEqual({ 'response.completed failed': 1 });
});

test('a body of more than 16 KiB is not read', async () => {
  const door = await openDoor({ webhooks: fakeWebhooks() });
  const large = eventOf('x'.repeat(17_000));
  expect((await send(door, large)).status).toBe(413);
});

test('a tunnel to a door without keys can bring one, and nothing else', async () => {
  const webhooks = fakeWebhooks();
  const door = await openDoor({ webhooks });
  const headers = { ...signed(body), 'x-forwarded-host': 'public.example', origin: 'https://public.example' };
  expect((await send(door, body, headers)).status).toBe(204);
  expect((await door.call('GET', '/v1/jobs', { headers: { origin: 'https://public.example' } })).status).toBe(
    403,
  );
});

test('other methods are 405, and without a secret there is no such route', async () => {
  const door = await openDoor({ webhooks: fakeWebhooks() });
  expect((await door.call('GET', PATH)).status).toBe(405);
  const without = await openDoor();
  expect(await send(without, body)).toMatchObject({ status: 404, body: { code: 'HW_ROUTE_UNKNOWN' } });
  expect(without.published.document.paths).not.toHaveProperty([PATH]);
});

test('a database that hangs keeps some of them waiting, for two seconds, and the others not at all', async () => {
  const webhooks = fakeWebhooks();
  let asked = 0;
  webhooks.ledger.write = () => ((asked += 1), new Promise(() => undefined));
  const door = await openDoor({ webhooks });
  const answers = Array.from({ length: 60 }, (_, index) => send(door, eventOf(`resp_${index}`)));
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(60).fill(503));
  expect(asked).toBe(50);
  expect((await send(door, eventOf('resp_later'))).status).toBe(503);
  expect(asked).toBe(50);
});
