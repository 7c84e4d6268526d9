import { connect } from 'node:net';
import { newApiKey } from '../../../runtime/api-keys';
import { HeadwayError, type ErrorCode } from '../../../contracts/errors';
import { brief, closeDoors, openDoor, type TestDoor } from './support';
import { createFakeJobs } from './fake-jobs';
import { eventOf, fakeWebhooks, signed } from './fake-webhooks';

afterEach(closeDoors);

const all = newApiKey();
const nothing = newApiKey();
const hasty = newApiKey();
const keys = [
  { name: 'all', sha256: all.sha256, tenant: '*', scopes: ['read', 'submit', 'cancel', 'retry'] as const },
  { name: 'submit-only', sha256: nothing.sha256, tenant: 'b', scopes: ['submit'] as const },
  {
    name: 'hasty',
    sha256: hasty.sha256,
    tenant: '*',
    scopes: ['read', 'submit', 'cancel', 'retry'] as const,
    ratePerMinute: 1,
  },
].map((key) => ({ ...key, scopes: [...key.scopes] }));
const as = (key: string) => ({ authorization: `Bearer ${key}` });

/** A good request for each route of the document. */
const good: Record<string, { method: string; path: string; body?: () => string; type?: string }> = {
  submitJob: {
    method: 'POST',
    path: '/v1/jobs',
    body: () => JSON.stringify(brief()),
    type: 'application/json',
  },
  submitBatch: {
    method: 'POST',
    path: '/v1/jobs:batch',
    body: () => JSON.stringify(brief()),
    type: 'application/x-ndjson',
  },
  listJobs: { method: 'GET', path: '/v1/jobs' },
  getJob: { method: 'GET', path: '/v1/jobs/ended' },
  followJob: { method: 'GET', path: '/v1/jobs/ended/events' },
  cancelJob: { method: 'POST', path: '/v1/jobs/open:cancel' },
  retryJob: { method: 'POST', path: '/v1/jobs/ended:retry' },
  listPipelines: { method: 'GET', path: '/v1/pipelines' },
  receiveLlmWebhook: {
    method: 'POST',
    path: '/v1/llm-webhooks',
    body: () => event,
    type: 'application/json',
  },
};
const event = eventOf('resp_1');

async function prepared(): Promise<TestDoor> {
  const door = await openDoor({ keys, bodyMaxBytes: 20_000, bodyTimeoutMs: 50, webhooks: fakeWebhooks() });
  for (const id of ['open', 'ended'])
    await door.call('POST', '/v1/jobs', { body: brief({ id }), headers: as(all.key) });
  door.jobs.end('ended', 'failed');
  return door;
}

function send(
  door: TestDoor,
  name: string,
  more: { key?: string; path?: string; body?: string; headers?: Record<string, string> } = {},
) {
  const { method, path, body, type } = good[name] ?? { method: '', path: '' };
  const headers: Record<string, string> = {
    ...as(more.key ?? all.key),
    ...(type && { 'content-type': type }),
    ...(name === 'receiveLlmWebhook' && signed(event)),
    ...more.headers,
  };
  return door.call(method, more.path ?? path, { body: more.body ?? body?.(), headers });
}

const ofOneRoute: Partial<Record<ErrorCode, string[]>> = {
  HW_PIPELINE_UNKNOWN: ['retryJob'],
  HW_CANCEL_PENDING: ['cancelJob'],
};

test('every route answers with every status that the document has for it, and as the document says', async () => {
  const door = await prepared();
  for (const name of Object.keys(good)) {
    await send(door, name, { headers: { authorization: 'Bearer hw_wrong' } });
    await send(door, name, { key: hasty.key });
    await send(door, name, { key: hasty.key });
    await send(door, name);
    if (!name.startsWith('submit')) await send(door, name, { key: nothing.key });
    await raw(door, name, { headers: [`x: ${'x'.repeat(20_000)}`] });
  }
  const read = { name: 'read', sha256: hasty.sha256, tenant: '*', scopes: ['read' as const] };
  const readOnly = await openDoor({ keys: [read], jobs: door.jobs });
  for (const name of ['submitJob', 'submitBatch'])
    note(door, await send(readOnly, name, { key: hasty.key }), name);

  // What is wrong with the request.
  await send(door, 'submitJob', { body: '{' });
  await send(door, 'submitJob', { body: '{}' });
  await send(door, 'submitBatch', { headers: { 'idempotency-key': ' ' + 'x'.repeat(300) } });
  await send(door, 'listJobs', { path: '/v1/jobs?limit=x' });
  for (const [name, path] of [
    ['getJob', '/v1/jobs/none'],
    ['followJob', '/v1/jobs/none/events'],
    ['cancelJob', '/v1/jobs/none:cancel'],
    ['retryJob', '/v1/jobs/none:retry'],
  ] as const) {
    await send(door, name, { path });
    await send(door, name, { path: path.replace('none', '%zz') });
  }
  await send(door, 'cancelJob', { path: '/v1/jobs/ended2:cancel' });
  for (let n = 0; n < 61; n++) await send(door, 'receiveLlmWebhook', { body: eventOf('not signed') });
  for (const name of ['submitJob', 'cancelJob', 'retryJob', 'receiveLlmWebhook']) {
    await send(door, name, { body: 'x', headers: { 'content-type': 'text/plain' } });
    await send(door, name, {
      body: `"${'x'.repeat(30_000)}"`,
      headers: { 'content-type': 'application/json' },
    });
    await raw(door, name, { headers: ['content-type: application/json', 'content-length: 10'] });
  }
  await send(door, 'submitBatch', { headers: { 'content-type': 'text/plain' } });

  // What is the matter with the job.
  const body = brief({ id: 'again' });
  await send(door, 'submitJob', { body: JSON.stringify(body) });
  door.jobs.end('again');
  await send(door, 'submitJob', { body: JSON.stringify(body) });
  await send(door, 'cancelJob', { path: '/v1/jobs/again:cancel' });
  await send(door, 'retryJob', { path: '/v1/jobs/again:retry' });
  await send(door, 'followJob', { path: '/v1/jobs/again/events', headers: { 'last-event-id': '2' } });

  // Trouble behind the door, a defect included.
  for (const error of [
    new HeadwayError('HW_SERVER_UNREACHABLE', 'away'),
    new Error('defect'),
    new HeadwayError('HW_PIPELINE_UNKNOWN', 'gone'),
    new HeadwayError('HW_CANCEL_PENDING', 'later'),
  ]) {
    const broken = createFakeJobs();
    const fail = () => {
      throw error;
    };
    const jobs = { ...broken, of: () => new Proxy(broken.of(), { get: () => fail }) };
    const webhooks = fakeWebhooks();
    webhooks.trouble = error;
    const troubled = await openDoor({ keys, jobs, webhooks });
    const only = 'code' in error ? ofOneRoute[error.code] : undefined;
    for (const name of only ?? Object.keys(good)) note(door, await send(troubled, name), name);
  }
  const unseen = door.published.described.filter((one) => !door.published.seen.has(one));
  // A defect and the end of this process are told where a route itself does something; these three only read what is in memory, answer by line, or
  // take every trouble of the database for one that passes.
  expect(unseen.sort()).toEqual([
    'listPipelines 500',
    'listPipelines 503',
    'receiveLlmWebhook 500',
    'submitBatch 500',
    'submitBatch 503',
  ]);
}, 30_000);

test('a defect tells nothing of itself, and is in the log', async () => {
  const jobs = createFakeJobs();
  jobs.beforeStart = () => {
    throw new Error('password=hunter2 at line 7');
  };
  const { call, log } = await openDoor({ jobs });
  const { status, text } = await call('POST', '/v1/jobs', { body: brief() });
  expect(status).toBe(500);
  expect(text).not.toMatch(/hunter2|line 7|at /);
  expect(log.join('')).toContain('line 7');
});

/** Answers of another door count as well: they were checked against the same document. */
function note({ published }: TestDoor, { status }: { status: number }, name: string): void {
  published.seen.add(`${name} ${status}`);
}

/** A request that fetch would not send: with headers of any size, or without the body it promises. */
async function raw(door: TestDoor, name: string, { headers }: { headers: string[] }): Promise<void> {
  const { method, path } = good[name] ?? { method: '', path: '' };
  const { hostname, port } = new URL(door.address);
  const socket = connect(Number(port), hostname);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${all.key}`,
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) {
    text += chunk;
    if (text.endsWith('}')) break;
  }
  const [head = '', answer = ''] = text.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  const type = /content-type: (.*)/i.exec(head)?.[1]?.trim() ?? null;
  door.published.check({ method, path, status, type, text: answer });
}
