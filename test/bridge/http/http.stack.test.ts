import { newApiKey, type ApiKey } from '../../../runtime/api-keys';
import { readLocalStack } from '../../../runtime/local-stack';
import { createTcpProxy } from '../../faults/suite/tcp-proxy';
import { eventually } from '../../support/eventually';
import { startProcess, type HeadwayProcess } from '../../support/processes';
import { briefs } from '../../support/rig';
import { useRig } from '../../support/use-rig';
import { readPublishedDocument, eventsIn, type PublishedDocument } from './published-document';

const rig = useRig();

interface Answer {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test expects of it says what it is
  body: any;
}

interface StartedDoor {
  process: HeadwayProcess;
  address: string;
  statusAddress: string;
  published: PublishedDocument;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** The process a user starts; every answer is checked against the document it publishes. */
async function startDoor(env: NodeJS.ProcessEnv = {}): Promise<StartedDoor> {
  const process = startProcess('bridge/http/main.js', { ...rig.env, HTTP_PORT: '0', ...env });
  const addressIn = async (line: RegExp) =>
    (JSON.parse(await process.logged(line)) as { address: string }).address;
  const address = await addressIn(/HTTP door is up/);
  const statusAddress = await addressIn(/health and metrics are served/);
  const published = await readPublishedDocument(address);
  return {
    process,
    address,
    statusAddress,
    published,
    async call(method, path, body, headers = {}) {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await fetch(`${address}${path}`, {
        method,
        headers: { ...type, ...headers },
        body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
      });
      const text = await response.text();
      const mediaType = response.headers.get('content-type');
      published.check({ method, path, status: response.status, type: mediaType, text });
      return { status: response.status, body: mediaType?.includes('json') ? readJson(text) : text };
    },
  };
}

const readJson = (text: string): unknown =>
  text.trim().includes('\n')
    ? text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
    : JSON.parse(text);

function brief(name: string, directive?: string) {
  const [job] = briefs(1, `${rig.name}:${name}`, directive);
  if (!job) throw new Error('no job');
  return { ...job, path: `/v1/jobs/${encodeURIComponent(job.id)}` };
}

const requestOf = ({ path: _path, ...request }: ReturnType<typeof brief>) => request;

/** A call that does not end by itself. */
const endless = 'latency=2000000';

test('a job goes in over HTTP, is worked on, and its result comes back and is published', async () => {
  const since = new Date().toISOString();
  const { call, address, published } = await startDoor();
  await rig.startWorker();
  const job = brief('in');
  const waited = await call('POST', '/v1/jobs', requestOf(job), { prefer: 'wait=60' });
  expect([waited.status, waited.body.status]).toEqual([200, 'completed']);
  const [result] = (await rig.resultsFor([job.id])).get(job.id) ?? [];
  expect(waited.body.result).toEqual(result?.result);
  expect((await call('POST', '/v1/jobs', requestOf(job))).body.workflow).toEqual(waited.body.workflow);
  expect(await call('POST', '/v1/jobs', { ...requestOf(job), priority: 1 })).toMatchObject({
    status: 422,
    body: { code: 'HW_JOB_ID_TAKEN' },
  });
  expect(rig.results).toHaveLength(1);

  const stream = await fetch(`${address}${job.path}/events`);
  const text = await stream.text();
  published.check({
    method: 'GET',
    path: `${job.path}/events`,
    status: 200,
    type: stream.headers.get('content-type'),
    text,
  });
  const last = eventsIn(text).at(-1);
  expect(last?.data).toMatchObject({ id: job.id, status: 'completed' });
  expect(
    (await call('GET', `${job.path}/events`, undefined, { 'last-event-id': last?.id ?? '' })).status,
  ).toBe(204);
  await eventually('it is in the list', async () => {
    const { body } = await call('GET', `/v1/jobs?status=completed&since=${since}`);
    return body.jobs.some(({ id }: { id: string }) => id === job.id);
  });
});

test('a job of a batch is cancelled, and run again', async () => {
  const { call } = await startDoor();
  await rig.startWorker();
  const jobs = ['a', 'b', 'c'].map((name) => brief(name, endless));
  const lines = [...jobs.map((job) => JSON.stringify(requestOf(job))), '{'].join('\n');
  const batch = await call('POST', '/v1/jobs:batch', lines, { 'content-type': 'application/x-ndjson' });
  expect(batch.body.map(({ line, status }: { line: number; status: number }) => [line, status])).toEqual([
    [1, 202],
    [2, 202],
    [3, 202],
    [4, 400],
  ]);
  for (const { path } of jobs) {
    expect(await call('POST', `${path}:cancel`)).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });
  }
  const path = jobs[0]?.path ?? '';
  expect(await call('GET', path, undefined, { prefer: 'wait=30' })).toMatchObject({
    body: { status: 'cancelled' },
  });
  expect(await call('POST', `${path}:cancel`)).toMatchObject({ status: 409, body: { code: 'HW_JOB_ENDED' } });
  expect(await call('POST', `${path}:retry`)).toMatchObject({ status: 202, body: { run: 2 } });
  expect(await call('POST', `${path}:cancel`)).toMatchObject({
    status: 200,
    body: { run: 2, status: 'cancelled' },
  });
});

test('a tenant neither sees nor touches the jobs of another one', async () => {
  const keys = { a: newApiKey(), b: newApiKey() };
  const configured: ApiKey[] = Object.entries(keys).map(([tenant, { sha256 }]) => ({
    name: tenant,
    sha256,
    tenant: `${rig.name}-${tenant}`,
    scopes: ['read', 'submit', 'cancel', 'retry'],
  }));
  const { call, process } = await startDoor({ HTTP_API_KEYS: JSON.stringify(configured) });
  const as = (tenant: 'a' | 'b') => ({ authorization: `Bearer ${keys[tenant].key}` });
  const job = brief('tenant');
  expect((await call('POST', '/v1/jobs', requestOf(job))).status).toBe(401);
  expect((await call('POST', '/v1/jobs', requestOf(job), as('a'))).body.tenant).toBe(`${rig.name}-a`);
  for (const [method, path] of [
    ['GET', job.path],
    ['GET', `${job.path}/events`],
    ['POST', `${job.path}:cancel`],
    ['POST', `${job.path}:retry`],
  ] as const) {
    const answer = await call(method, path, undefined, as('b'));
    expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'HW_JOB_UNKNOWN']);
  }
  await eventually(
    'its tenant sees it',
    async () => (await call('GET', '/v1/jobs', undefined, as('a'))).body.jobs.length === 1,
  );
  expect((await call('GET', '/v1/jobs', undefined, as('b'))).body).toEqual({ jobs: [] });
  expect((await call('GET', `/v1/jobs?tenant=${rig.name}-a`, undefined, as('b'))).status).toBe(403);
  for (const { key, sha256 } of Object.values(keys)) {
    expect(process.log()).not.toContain(key);
    expect(process.log()).not.toContain(sha256);
  }
});

test.each(['refuse', 'stall'] as const)(
  'while Temporal is away (%s), 503 comes fast and nothing is half-started; afterwards it works again',
  async (how) => {
    const [host = '', port] = (readLocalStack()?.temporalAddress ?? '').split(':');
    const proxy = await createTcpProxy({ name: 'temporal', target: () => ({ host, port: Number(port) }) });
    try {
      const { call, statusAddress } = await startDoor({ TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}` });
      const job = brief('away');
      const { id: _id, ...unnamed } = requestOf(job);
      proxy[how]();
      const beganAt = Date.now();
      const first = await call('POST', '/v1/jobs', unnamed);
      expect(first).toMatchObject({ status: 503, body: { code: 'HW_SERVER_UNREACHABLE' } });
      expect(Date.now() - beganAt).toBeLessThan(8_000);
      await eventually('it is known', async () => (await fetch(`${statusAddress}/readyz`)).status === 503);
      expect((await call('GET', '/v1/jobs/any')).status).toBe(503);
      expect((await call('POST', '/v1/jobs', unnamed)).status).toBe(503);

      proxy.restore();
      await eventually(
        'it is ready again',
        async () => (await fetch(`${statusAddress}/readyz`)).status === 200,
      );
      const since = new Date(Date.now() - 300_000).toISOString();
      const again = await call('POST', '/v1/jobs', { ...unnamed, id: first.body.id ?? job.id });
      expect(again.status).toBe(202);
      await eventually('there is one job, the one that was accepted', async () => {
        const { status, body } = await call('GET', `/v1/jobs?since=${since}&limit=200`);
        if (status !== 200) return `${status} ${JSON.stringify(body)}`;
        return body.jobs.filter(({ id }: { id: string }) => id === again.body.id).length === 1;
      });
      expect(await rig.client.workflow.count(`TaskQueue = '${rig.env.HEADWAY_TASK_QUEUE}'`)).toMatchObject({
        count: 1,
      });
    } finally {
      await proxy.close();
    }
  },
);

test('a door that is stopped ends its streams, and then itself', async () => {
  const { call, address, process } = await startDoor();
  const job = brief('stopped');
  await call('POST', '/v1/jobs', requestOf(job));
  const stream = await fetch(`${address}${job.path}/events`);
  const waiting = call('GET', job.path, undefined, { prefer: 'wait=60' });
  await process.kill('SIGTERM');
  expect(await process.ended).toEqual({ code: 0, signal: null });
  expect(eventsIn(await stream.text())[0]?.data).toMatchObject({ id: job.id });
  expect((await waiting).status).toBe(200);
});

test('on an address that others can reach it refuses to start without keys, and says which variable', async () => {
  const process = startProcess('bridge/http/main.js', { ...rig.env, HTTP_HOST: '0.0.0.0' });
  expect((await process.ended).code).toBe(1);
  expect(process.log()).toMatch(/HTTP_API_KEYS must be set/);
});
