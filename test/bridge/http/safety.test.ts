import { request } from 'node:http';
import { newApiKey, type ApiKey } from '../../../runtime/api-keys';
import { HeadwayError } from '../../../contracts/errors';
import { topics } from '../../support/async-api';
import { createFakeJobs } from './fake-jobs';
import { brief, closeDoors, openDoor, type TestDoor } from './support';

afterEach(closeDoors);

function keyFor(more: Partial<ApiKey>): { key: string; configured: ApiKey } {
  const { key, sha256 } = newApiKey();
  return { key, configured: { name: 'k', sha256, tenant: 'a', scopes: ['read', 'submit'], ...more } };
}

/** With headers that fetch does not let anybody set. */
function statusOf({ address }: TestDoor, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${address}/v1/jobs`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end();
  });
}

describe('without keys', () => {
  it.each<[Record<string, string>, number]>([
    [{ host: '127.0.0.1:8080' }, 200],
    [{ host: 'localhost' }, 200],
    [{ host: '[::1]:1' }, 200],
    [{ host: 'evil.example' }, 403],
    [{ host: '127.0.0.1.evil.example' }, 403],
    [{ host: 'localhost', origin: 'http://localhost' }, 200],
    [{ host: 'localhost', origin: 'http://localhost:3000' }, 403],
    [{ host: 'localhost', origin: 'null' }, 403],
    [{ host: 'localhost', 'sec-fetch-site': 'cross-site' }, 403],
    [{ host: 'localhost', 'sec-fetch-site': 'same-origin' }, 200],
  ])('a request with %j gets %i', async (headers, status) => {
    expect(await statusOf(await openDoor(), headers)).toBe(status);
  });
});

describe('with keys', () => {
  it.each<[string | undefined]>([[undefined], ['Basic x'], ['Bearer'], ['Bearer hw_wrong'], ['Bearer a b']])(
    'authorization: %s is 401',
    async (authorization) => {
      const { call } = await openDoor({ keys: [keyFor({}).configured] });
      const answer = await call('GET', '/v1/jobs', { headers: authorization ? { authorization } : {} });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('a key does what its scopes say, for its tenant', async () => {
    const one = keyFor({});
    const { call, jobs } = await openDoor({ keys: [one.configured] });
    const headers = { authorization: `Bearer ${one.key}` };
    expect((await call('POST', '/v1/jobs', { body: brief({ id: 'x' }), headers })).body.tenant).toBe('a');
    expect((await call('POST', '/v1/jobs/x:cancel', { headers })).status).toBe(403);
    expect((await call('POST', '/v1/jobs', { body: brief({ tenant: 'b' }), headers })).status).toBe(403);
    expect((await call('POST', '/v1/jobs', { body: brief({ tenant: 'a' }), headers })).status).toBe(202);
    expect(jobs.started.map(({ tenant }) => tenant)).toEqual(['a', 'a']);
  });

  it('each key has a rate of its own, and 429 says when to come back', async () => {
    const slow = keyFor({ name: 'slow', ratePerMinute: 2 });
    const other = keyFor({ name: 'other' });
    const { call } = await openDoor({ keys: [slow.configured, other.configured] });
    const as = (key: string) => call('GET', '/v1/jobs', { headers: { authorization: `Bearer ${key}` } });
    expect([(await as(slow.key)).status, (await as(slow.key)).status]).toEqual([200, 200]);
    const { status, headers, body } = await as(slow.key);
    expect([status, body.code]).toEqual([429, 'HW_RATE_LIMITED']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await as(other.key)).status).toBe(200);
  });

  it('no key is in the log', async () => {
    const one = keyFor({});
    const { call, log } = await openDoor({ keys: [one.configured] });
    await call('POST', '/v1/jobs', { body: brief(), headers: { authorization: `Bearer ${one.key}` } });
    expect(log.join('')).toContain('request answered');
    expect(log.join('')).not.toContain(one.key.slice(3));
  });
});

it('serves the document of the topics to everybody, beside that of the door', async () => {
  const { call } = await openDoor({ keys: [keyFor({}).configured] });
  const { status, body } = await call('GET', '/asyncapi.json');
  expect([status, body.asyncapi, body.channels?.queue?.address]).toEqual([200, '3.0.0', topics.queue]);
  expect((await call('GET', '/openapi.json')).status).toBe(200);
});

it('tells browsers to run nothing that is not its own', async () => {
  const { call } = await openDoor();
  const { headers } = await call('GET', '/docs');
  expect(headers.get('content-security-policy')).toMatch(/default-src 'none';script-src 'self'/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('whoever opens the address of the door is led to the page that explains it', async () => {
  const { address } = await openDoor();
  const answer = await fetch(address, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
  expect((await fetch(address)).status).toBe(200);
});

test('that Temporal does not answer is told to a client in its own terms', async () => {
  const jobs = createFakeJobs();
  jobs.beforeStart = () =>
    Promise.reject(
      new HeadwayError(
        'HW_SERVER_UNREACHABLE',
        'Temporal does not answer: 4 DEADLINE_EXCEEDED: LB pick: 1.9s',
      ),
    );
  const { call } = await openDoor({ jobs });
  const { body, headers } = await call('POST', '/v1/jobs', { body: brief() });
  expect(body.detail).toBe('Temporal does not answer');
  expect(body.action).toContain('Retry-After');
  expect(headers.get('retry-after')).toBe('5');
});
