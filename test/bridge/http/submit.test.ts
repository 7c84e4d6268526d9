import { z } from 'zod';
import { HeadwayError } from '../../../contracts/errors';
import { pipelineNamed } from '../../../pipelines/registry';
import { eventually } from '../../support/eventually';
import { createFakeJobs } from './fake-jobs';
import { brief, closeDoors, openDoor } from './support';

afterEach(closeDoors);

describe('POST /v1/jobs', () => {
  it('answers 202 with the job, and where it is', async () => {
    const { call, jobs } = await openDoor();
    const answer = await call('POST', '/v1/jobs', { body: brief({ id: 'job-1', priority: 2 }) });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe('/v1/jobs/job-1');
    expect(answer.body).toMatchObject({ id: 'job-1', status: 'queued', priority: 2, run: 1 });
    expect(jobs.started.map(({ id }) => id)).toEqual(['job-1']);
  });

  it.each([
    'topic:0:17:1700000000000',
    'a/b',
    'x:cancel',
    'x:cancel:retry',
    'ünï ✓',
    '100%',
    '%2e%25zz',
    '?a=b#c',
    'a..',
  ])('makes a location for the id %p that leads to the job, and to what can be done with it', async (id) => {
    const { call } = await openDoor();
    const { headers } = await call('POST', '/v1/jobs', { body: brief({ id }) });
    const location = headers.get('location') ?? '';
    expect((await call('GET', location)).body).toMatchObject({ id, status: 'queued' });
    expect((await call('POST', `${location}:cancel`)).body).toMatchObject({ id, status: 'cancelled' });
    expect((await call('POST', `${location}:retry`)).body).toMatchObject({ id, run: 2 });
    expect((await call('POST', `${location}:cancel`)).status).toBe(200);
    expect((await call('GET', `${location}/events`)).text).toContain(JSON.stringify(id));
  });

  it.each(['.', '..'])('refuses the id %p, which no path can have', async (id) => {
    const { call } = await openDoor();
    const { status, body } = await call('POST', '/v1/jobs', { body: brief({ id }) });
    expect([status, body.code, body.errors[0].pointer]).toEqual([422, 'HW_JOB_INVALID', '#/id']);
  });

  it('gives the same job for the same key, and 422 for another request with it', async () => {
    const { call, jobs } = await openDoor();
    const headers = { 'idempotency-key': 'k 1' };
    const body = brief();
    const first = await call('POST', '/v1/jobs', { body, headers });
    const second = await call('POST', '/v1/jobs', { body, headers });
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null]);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(second.body.id).toBe(first.body.id);
    const other = await call('POST', '/v1/jobs', { body: brief(), headers });
    expect([other.status, other.body.code]).toEqual([422, 'HW_JOB_ID_TAKEN']);
    expect(jobs.started).toHaveLength(1);
  });

  it('answers 422 when the schema of the pipeline throws over the input, and logs none of what it threw', async () => {
    const jobs = createFakeJobs();
    jobs.beforeStart = () => {
      throw new HeadwayError('HW_JOB_INVALID', 'input: cannot be checked');
    };
    const throwing = z.object({ who: z.string() }).refine(({ who }) => '-'.repeat(-who.length) !== '');
    const { call, log } = await openDoor({
      jobs,
      pipelineNamed: (name) => ({ ...pipelineNamed(name), request: throwing }),
    });
    const { status, body } = await call('POST', '/v1/jobs', { body: brief({ input: { who: 'Anna' } }) });
    expect([status, body.code, body.errors[0].pointer]).toEqual([422, 'HW_JOB_INVALID', '#/input']);
    expect(log.join('\n')).not.toContain('count value');
  });

  it('points at every field that is wrong', async () => {
    const { call } = await openDoor();
    const { status, headers, body } = await call('POST', '/v1/jobs', {
      body: { pipeline: 7, input: [], priority: 9, 'a/b': 1, metadata: { k: 2 } },
    });
    expect([status, body.code]).toEqual([422, 'HW_JOB_INVALID']);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const pointers = body.errors.map((one: { pointer: string }) => one.pointer).sort();
    expect(pointers).toEqual(['#/a~1b', '#/input', '#/metadata/k', '#/pipeline', '#/priority']);
  });

  it.each(['/v1/jobs', '/v1/jobs:batch'])(
    '%s points at the input, too, while other fields are wrong',
    async (path) => {
      const { call } = await openDoor();
      const pointers = async (request: object) => {
        const type = path === '/v1/jobs' ? 'application/json' : 'application/x-ndjson';
        const answer = await call('POST', path, {
          body: JSON.stringify(request),
          headers: { 'content-type': type },
        });
        const problem =
          path === '/v1/jobs' ? answer.body : (JSON.parse(answer.text) as { problem: unknown }).problem;
        expect(problem.code).toBe('HW_JOB_INVALID');
        return problem.errors.map((one: { pointer: string }) => one.pointer).sort();
      };
      expect(
        await pointers(brief({ priority: 9, input: { company: 1, question: '?', domain: 'x.example' } })),
      ).toEqual(['#/input/company', '#/priority']);
      expect(await pointers(brief({ priority: 9, pipeline: 'none' }))).toEqual(['#/pipeline', '#/priority']);
    },
  );

  it('points at the fields of the input that the pipeline does not take', async () => {
    const { call } = await openDoor();
    const { status, body } = await call('POST', '/v1/jobs', {
      body: brief({ input: { company: 1, question: '?' } }),
    });
    expect([status, body.code]).toEqual([422, 'HW_JOB_INVALID']);
    const pointers = body.errors.map((one: { pointer: string }) => one.pointer);
    expect(pointers).toEqual(expect.arrayContaining(['#/input/company', '#/input/domain']));
    const unknown = await call('POST', '/v1/jobs', { body: brief({ pipeline: 'none' }) });
    expect([unknown.status, unknown.body.code, unknown.body.errors[0].pointer]).toEqual([
      422,
      'HW_PIPELINE_UNKNOWN',
      '#/pipeline',
    ]);
  });

  it.each<[string, string | undefined, number, string]>([
    ['{', 'application/json', 400, 'HW_REQUEST_INVALID'],
    ['', 'application/json', 422, 'HW_JOB_INVALID'],
    ['{"pipeline":"x","input":{"n":12345678901234567890}}', 'application/json', 422, 'HW_JOB_INVALID'],
    ['{"__proto__":{"x":1}}', 'application/json', 422, 'HW_JOB_INVALID'],
    ['{}', 'text/plain', 415, 'HW_MEDIA_TYPE'],
    ['{}', 'application/x-ndjson', 415, 'HW_MEDIA_TYPE'],
    ['{}', 'application/x-www-form-urlencoded', 415, 'HW_MEDIA_TYPE'],
    [`"${'x'.repeat(600_000)}"`, 'application/json', 413, 'HW_RECORD_TOO_LARGE'],
  ])('refuses %.40s as %s with %i', async (body, type, status, code) => {
    const { call } = await openDoor();
    const answer = await call('POST', '/v1/jobs', { body, headers: type ? { 'content-type': type } : {} });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it.each([
    [512 * 1024, 'at most 524288 are possible without PAYLOAD_STORE'],
    [530_000, 'at most 530000 are possible'],
  ])('says how many bytes a body may have: %i', async (bodyMaxBytes, said) => {
    const { call } = await openDoor({ bodyMaxBytes });
    const { body } = await call('POST', '/v1/jobs', { body: 'x'.repeat(600_000) });
    expect(body.detail).toBe(`the body has too many bytes; ${said}`);
  });

  it('starts no more jobs at a time than it is told, however many requests come', async () => {
    const { call, jobs } = await openDoor({}, { startConcurrency: 3 });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    jobs.beforeStart = () => gate;
    const calls = Array.from({ length: 12 }, () => call('POST', '/v1/jobs', { body: brief() }));
    await eventually('three are being started', () => jobs.starting.now === 3);
    release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(12).fill(202));
    expect(jobs.starting.most).toBe(3);
  });

  it('answers 503 with the id when nobody knows whether the job was started, never 202', async () => {
    const { call, jobs } = await openDoor();
    jobs.beforeStart = () => {
      throw new HeadwayError('HW_SERVER_UNREACHABLE', 'Temporal does not answer: deadline');
    };
    const { status, headers, body } = await call('POST', '/v1/jobs', { body: brief() });
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'HW_SERVER_UNREACHABLE', '5']);
    jobs.beforeStart = () => undefined;
    const again = await call('POST', '/v1/jobs', { body: brief({ id: body.id }) });
    expect([again.status, again.body.id]).toEqual([202, body.id]);
  });

  it('does not even ask while Temporal is known to be away', async () => {
    const { call, jobs } = await openDoor({
      temporal: { away: () => 'Temporal does not answer', suspect: () => undefined, stop: () => undefined },
    });
    jobs.beforeStart = () => {
      throw new Error('was asked');
    };
    expect((await call('POST', '/v1/jobs', { body: brief() })).body.code).toBe('HW_SERVER_UNREACHABLE');
  });
});

describe('Prefer: wait', () => {
  it('answers 200 with the result when the job ends in time', async () => {
    const { call, jobs } = await openDoor();
    const answer = call('POST', '/v1/jobs', {
      body: brief({ id: 'w' }),
      headers: { prefer: 'respond-async, wait=30' },
    });
    await eventually('the job is there', () => jobs.started.length === 1);
    jobs.end('w');
    const { status, headers, body } = await answer;
    expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=30']);
    expect(body).toMatchObject({ id: 'w', status: 'completed', result: { output: { answer: 42 } } });
  });

  it('answers 202 when it does not', async () => {
    const { call } = await openDoor();
    const { status, body } = await call('POST', '/v1/jobs', { body: brief(), headers: { prefer: 'wait=0' } });
    expect([status, body.status]).toEqual([202, 'queued']);
  });

  it('answers 202 when Temporal goes away while it waits: the job is durable', async () => {
    const { call, jobs } = await openDoor();
    const answer = call('POST', '/v1/jobs', { body: brief({ id: 'w' }), headers: { prefer: 'wait=30' } });
    await eventually('the job is there', () => jobs.started.length === 1);
    jobs.away = true;
    jobs.stage('w', 'call-llm');
    expect((await answer).status).toBe(202);
  });

  it('waits at GET, too', async () => {
    const { call, jobs } = await openDoor();
    await call('POST', '/v1/jobs', { body: brief({ id: 'w' }) });
    const answer = call('GET', '/v1/jobs/w', { headers: { prefer: 'wait=30' } });
    jobs.stage('w', 'call-llm');
    jobs.end('w', 'failed');
    expect((await answer).body).toMatchObject({
      status: 'failed',
      result: { error: { type: 'HW_LLM_REFUSED' } },
    });
  });

  it('does not wait when too many do', async () => {
    const { call, jobs, metrics } = await openDoor({}, { maxStreams: 1 });
    const headers = { prefer: 'wait=30' };
    const first = call('POST', '/v1/jobs', { body: brief({ id: 'a' }), headers });
    await eventually('it waits', async () =>
      /streams_open.*kind="wait".* 1/.test(await metrics.registry.metrics()),
    );
    expect((await call('POST', '/v1/jobs', { body: brief(), headers })).status).toBe(202);
    jobs.end('a');
    expect((await first).status).toBe(200);
  });
});
