import { createCodecApp } from '../../../bridge/http/codec-app';
import { newApiKey } from '../../../runtime/api-keys';
import { ConfigProblems } from '../../../runtime/config/problems';
import { createPayloadCodec } from '../../../runtime/payload-keys/codec';
import { newPayloadKey, readPayloadKeys } from '../../../runtime/payload-keys/payload-keys';

const uiOrigin = 'http://127.0.0.1:8233';
const keysOf = (text: string) => readPayloadKeys(text, new ConfigProblems())!;
const keys = keysOf(newPayloadKey('one'));
const other = keysOf(newPayloadKey('other'));
const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString('base64');

/** A value as Temporal UI sends it, encrypted with these keys when it has the mark. */
async function sealed(value: object, with_ = keys) {
  const plain = {
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(JSON.stringify(value)),
  };
  const [payload] = await createPayloadCodec(with_).encode([plain]);
  const entries = Object.entries(payload!.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
  return { metadata: Object.fromEntries(entries) as Record<string, string>, data: base64(payload!.data!) };
}

const secret = { text: 'about Alice', confidential: true };
const plain = { text: 'about Bob' };

function ask(
  app: ReturnType<typeof createCodecApp>,
  payloads: unknown,
  headers: Record<string, string> = {},
) {
  const more = { host: 'localhost:8888', origin: uiOrigin, ...headers };
  return app.inject({ method: 'POST', url: '/decode', payload: { payloads } as object, headers: more });
}

const textsOf = (body: string) =>
  (JSON.parse(body) as { payloads: { data: string }[] }).payloads.map(({ data }) =>
    Buffer.from(data, 'base64').toString(),
  );

test('decrypts what it has the key for, leaves the rest of the page as it is, and only the UI may read it', async () => {
  const app = createCodecApp({ keys, uiOrigin });
  const unknown = await sealed(secret, other);
  const answer = await ask(app, [await sealed(secret), await sealed(plain), unknown]);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['access-control-allow-origin']).toBe(uiOrigin);
  const [one, two, three] = textsOf(answer.body);
  expect([one, two]).toEqual([JSON.stringify(secret), JSON.stringify(plain)]);
  expect(three).toBe(Buffer.from(unknown.data, 'base64').toString());
});

test('encrypts what the UI sends with the mark', async () => {
  const app = createCodecApp({ keys, uiOrigin });
  const headers = { host: 'localhost', origin: uiOrigin };
  const payloads = [{ metadata: { encoding: base64('json/plain') }, data: base64(JSON.stringify(secret)) }];
  const { body } = await app.inject({ method: 'POST', url: '/encode', payload: { payloads }, headers });
  expect(textsOf(body)[0]).not.toContain('Alice');
  const back = await ask(app, (JSON.parse(body) as { payloads: unknown }).payloads);
  expect(textsOf(back.body)).toEqual([JSON.stringify(secret)]);
});

test('what cannot be encrypted is refused, and not sent back as it is', async () => {
  const app = createCodecApp({ keys: [{ id: 'short', bytes: Buffer.alloc(3) }], uiOrigin });
  const headers = { host: 'localhost', origin: uiOrigin };
  const payloads = [{ metadata: { encoding: base64('json/plain') }, data: base64(JSON.stringify(secret)) }];
  const answer = await app.inject({ method: 'POST', url: '/encode', payload: { payloads }, headers });
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain(base64(JSON.stringify(secret)));
});

test('answers the preflight of the UI, and no other page', async () => {
  const app = createCodecApp({ keys, uiOrigin });
  const preflight = (origin: string) =>
    app.inject({ method: 'OPTIONS', url: '/decode', headers: { host: 'localhost', origin } });
  const mine = await preflight(uiOrigin);
  expect(mine.statusCode).toBe(204);
  expect(mine.headers['access-control-allow-headers']).toContain('x-namespace');
  const foreign = await preflight('https://evil.example');
  expect(foreign.statusCode).toBe(403);
  expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
});

test.each<[string, Record<string, string>]>([
  ['a page of another origin', { origin: 'https://evil.example' }],
  ['a name that was made to lead here', { host: 'evil.example' }],
])('without API keys refuses %s', async (_, headers) => {
  const answer = await ask(createCodecApp({ keys, uiOrigin }), [await sealed(secret)], headers);
  expect([answer.statusCode, answer.body]).toEqual([403, expect.stringContaining('HW_FORBIDDEN')]);
});

test('with API keys wants one for all tenants, from wherever it is asked', async () => {
  const [all, one, blind] = [newApiKey(), newApiKey(), newApiKey()];
  const entry = { name: 'k', scopes: ['read' as const] };
  const app = createCodecApp({
    ...{ keys, uiOrigin },
    apiKeys: [
      { ...entry, sha256: all.sha256, tenant: '*' },
      { ...entry, sha256: one.sha256, tenant: 'acme' },
      { ...entry, sha256: blind.sha256, tenant: '*', scopes: ['submit'] },
    ],
  });
  const payloads = [await sealed(secret)];
  const status = async (authorization?: string) =>
    (await ask(app, payloads, { host: 'codec.example', ...(authorization && { authorization }) })).statusCode;
  expect(await status()).toBe(401);
  expect(await status(`Bearer ${one.key}`)).toBe(403);
  expect(await status(`Bearer ${blind.key}`)).toBe(403);
  expect(await status(`Bearer ${all.key}`)).toBe(200);
});

test('names what is wrong with a body', async () => {
  const app = createCodecApp({ keys, uiOrigin });
  const answer = await ask(app, [{ data: '***' }]);
  expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('body.payloads.0.data')]);
  const text = await app.inject({
    method: 'POST',
    url: '/decode',
    payload: '{"payloads":[]}',
    headers: { host: 'localhost', 'content-type': 'text/plain' },
  });
  expect(text.statusCode).toBeGreaterThanOrEqual(400);
});
