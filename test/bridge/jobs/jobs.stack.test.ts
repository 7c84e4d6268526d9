import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { cancelJob } from '../../../bridge/jobs/cancel-job';
import { createJobs } from '../../../bridge/jobs/create-jobs';
import type { Jobs } from '../../../bridge/jobs/jobs';
import type { JobRequest } from '../../../contracts/job-request';
import { pipelineNamed } from '../../../pipelines/registry';
import { readLocalStack } from '../../../runtime/local-stack';
import { createDataConverter } from '../../../runtime/payload-store/data-converter';
import type { PayloadStore } from '../../../runtime/payload-store/payload-store';
import { createTcpProxy } from '../../faults/suite/tcp-proxy';
import { eventually } from '../../support/eventually';
import { briefs } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const rig = useRig();

function jobs(tenant?: string, client = rig.client): Jobs {
  return createJobs({
    client,
    taskQueue: rig.env.HEADWAY_TASK_QUEUE ?? '',
    llmTaskQueue: rig.env.HEADWAY_LLM_TASK_QUEUE ?? '',
    queueTopic: rig.queue,
    pipelineNamed,
  })(tenant);
}

function brief(name: string, directive?: string): JobRequest & { id: string } {
  const [job] = briefs(1, `${rig.name}-${name}`, directive);
  if (!job) throw new Error('no job');
  return job;
}

const slow = 'latency=2000000';

test('a job that is submitted is durable at once, and has the same result that is published', async () => {
  const request = brief('submitted');
  const { view, created } = await jobs('a').submit({ ...request, tenant: 'other', priority: 2 });
  expect(created).toBe(true);
  expect(view).toMatchObject({ id: request.id, status: 'queued', tenant: 'a', priority: 2, run: 1 });
  expect(await jobs('a').get(request.id)).toMatchObject({ status: 'queued', workflow: view.workflow });

  await rig.startWorker();
  const ended = await jobs('a').waitFor(request.id, 30_000);
  expect(ended).toMatchObject({
    status: 'completed',
    result: { status: 'completed', source: { door: 'http' } },
  });
  const [published] = (await rig.resultsFor([request.id])).get(request.id) ?? [];
  expect(ended.result).toEqual(published?.result);
});

test('the same request again is the same job, another one with its id is refused', async () => {
  const request = brief('again');
  const first = await jobs().submit(request);
  const again = await jobs().submit({ ...request });
  expect(again).toMatchObject({ created: false, view: { id: request.id, workflow: first.view.workflow } });
  await expect(jobs().submit({ ...request, priority: 1 })).rejects.toMatchObject({ code: 'HW_JOB_ID_TAKEN' });

  const { id: _id, ...keyed } = request;
  const one = await jobs('a').submit(keyed, { idempotencyKey: `${rig.name}-k` });
  const same = await jobs('a').submit(keyed, { idempotencyKey: `${rig.name}-k` });
  const others = await jobs('b').submit(keyed, { idempotencyKey: `${rig.name}-k` });
  expect(same.view.id).toBe(one.view.id);
  expect(others.view.id).not.toBe(one.view.id);
  await expect(
    jobs('a').submit({ ...keyed, priority: 1 }, { idempotencyKey: `${rig.name}-k` }),
  ).rejects.toMatchObject({
    code: 'HW_JOB_ID_TAKEN',
    message: expect.stringContaining('Idempotency-Key') as string,
  });
});

test('jobs of another tenant are unknown, whatever is asked about them', async () => {
  const request = brief('hidden');
  await jobs('a').submit(request);
  const b = jobs('b');
  const attempts = [() => b.get(request.id), () => b.cancel(request.id), () => b.retry(request.id)];
  for (const attempt of [...attempts, () => b.waitFor(request.id, 10)]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'HW_JOB_UNKNOWN' });
  }
  await eventually('the owner finds it in the list', async () => {
    const { jobs: found } = await jobs('a').list({ pipeline: request.pipeline }, { limit: 100 });
    return found.some(({ id }) => id === request.id);
  });
  const { jobs: found } = await b.list({}, { limit: 100 });
  expect(found.map(({ id }) => id)).not.toContain(request.id);
});

test('a cancelled job ends at once, its LLM call is stopped, and it can be run again', async () => {
  const request = brief('cancelled', slow);
  await rig.startWorker();
  await jobs().submit(request);
  await eventually('the call is made', async () => (await rig.llmCalls(request.id)) === 1);
  expect(await jobs().get(request.id)).toMatchObject({
    status: 'in_progress',
    stage: 'call-llm',
    attempts: 1,
  });
  await eventually('the list knows as much', async () => {
    const { jobs: running } = await jobs().list({ status: 'in_progress' }, { limit: 100 });
    return running.some(({ id }) => id === request.id);
  });
  expect(await jobs().cancel(request.id)).toMatchObject({ status: 'cancelled' });
  const [published] = (await rig.resultsFor([request.id])).get(request.id) ?? [];
  expect(published?.result).toMatchObject({ status: 'cancelled', error: { type: 'HW_JOB_CANCELLED' } });
  await eventually(
    'the call is cancelled at the provider',
    async () => (await rig.llmCallsStopped(request.id)) === 1,
  );
  await eventually('the workflow has ended', async () => {
    const { status } = await rig.client.workflow.getHandle(request.id).describe();
    return status.name === 'COMPLETED' || status.name;
  });
  await expect(jobs().cancel(request.id)).rejects.toMatchObject({ code: 'HW_JOB_ENDED' });
  expect(await jobs().retry(request.id)).toMatchObject({ run: 2 });
  await eventually('the second run makes its call', async () => (await rig.llmCalls(request.id)) === 2);
  await jobs().cancel(request.id);
  await eventually('that one is stopped too', async () => (await rig.llmCallsStopped(request.id)) === 2);
});

test('a cancel that was answered with HW_NO_WORKER is not carried out by a worker that starts later', async () => {
  const request = brief('kept');
  await jobs().submit(request);
  await expect(jobs().cancel(request.id)).rejects.toMatchObject({ code: 'HW_NO_WORKER' });
  await rig.startWorker();
  expect(await jobs().waitFor(request.id, 30_000)).toMatchObject({ status: 'completed' });
});

test('jobs of a pack are seen, cancelled and listed one by one', async () => {
  const [quick, first, second] = [brief('quick'), brief('first', slow), brief('second', slow)];
  await rig.produce([quick, { ...first, tenant: 'a' }, { ...second, tenant: 'b' }], 0);
  await rig.startWorker();
  await rig.startBridge();
  await rig.resultsFor([quick.id]);
  await eventually('visibility knows the pack', () =>
    jobs()
      .get(quick.id)
      .then(
        ({ status }) => status === 'completed' || status,
        () => 'unknown',
      ),
  );
  const { result } = await jobs().get(quick.id);
  expect(result).toMatchObject({ status: 'completed', output: expect.anything() as unknown });
  await expect(jobs('b').get(first.id)).rejects.toMatchObject({ code: 'HW_JOB_UNKNOWN' });
  await jobs('a').cancel(first.id);
  await rig.resultsFor([first.id]);
  expect(await jobs('a').waitFor(first.id, 5_000)).toMatchObject({ status: 'cancelled' });
  await eventually('only its call is stopped', async () => (await rig.llmCallsStopped(first.id)) === 1);
  expect(await rig.llmCallsStopped(second.id)).toBe(0);
  expect(await jobs('b').get(second.id)).toMatchObject({ status: 'in_progress' });

  const { jobs: all } = await jobs().list({ since: Date.now() - 60_000 }, { limit: 100 });
  const mine = all.filter(({ id }) => id.startsWith(rig.name)).map(({ id, status }) => [id, status]);
  expect(Object.fromEntries(mine)).toEqual({
    [quick.id]: 'completed',
    [first.id]: 'cancelled',
    [second.id]: 'in_progress',
  });
  const { jobs: cancelled } = await jobs('a').list({ status: 'cancelled' }, { limit: 100 });
  expect(cancelled.map(({ id }) => id)).toContain(first.id);

  await jobs().cancel(second.id);
  await eventually('the pack ends with its last job', async () => {
    const { workflow } = await jobs().get(second.id);
    return (await rig.client.workflow.getHandle(workflow.id).describe()).status.name === 'COMPLETED';
  });
});

test('a job whose workflow was terminated has failed, whoever asks', async () => {
  const request = brief('terminated', slow);
  await rig.startWorker();
  await jobs().submit(request);
  await eventually('the call is made', async () => (await rig.llmCalls(request.id)) === 1);
  await rig.client.workflow.getHandle(request.id).terminate();
  const failed = { status: 'failed', lastError: { type: 'HW_WORKFLOW_TERMINATED' } };
  expect(await jobs().waitFor(request.id, 20_000)).toMatchObject(failed);
  const seen = [];
  for await (const { view } of jobs().changes(request.id)) seen.push(view);
  expect(seen).toMatchObject([failed]);
  expect(await jobs().retry(request.id)).toMatchObject({ run: 2 });
  await jobs().cancel(request.id);
});

test('two tenants with one job id see, and cancel, each their own', async () => {
  const [ofA, ofB] = [
    { ...brief('shared', slow), tenant: 'a' },
    { ...brief('shared', slow), tenant: 'b' },
  ];
  await rig.produce([ofA, ofB], 0);
  await rig.startWorker();
  await rig.startBridge();
  await eventually('both calls are made', async () => (await rig.llmCalls(ofA.id)) === 2);
  await jobs('a').cancel(ofA.id);
  await eventually('the result of one', () => rig.results.length === 1);
  expect(rig.results.map(({ result }) => [result.tenant, result.status])).toEqual([['a', 'cancelled']]);
  expect(await jobs('a').get(ofA.id)).toMatchObject({
    tenant: 'a',
    status: 'cancelled',
    result: { tenant: 'a' },
  });
  expect(await jobs('b').get(ofA.id)).toMatchObject({ tenant: 'b', status: 'in_progress' });
  await jobs('b').cancel(ofB.id);
});

test('two tenants with one job id run, each, their own again', async () => {
  const rejected = 'bad_request';
  const [ofA, ofB] = [
    { ...brief('again-shared', slow), tenant: 'a' },
    { ...brief('again-shared', rejected), tenant: 'b' },
  ];
  await rig.produce([ofA], 0);
  await rig.startWorker();
  await rig.startBridge();
  await eventually('the call of one is made', async () => (await rig.llmCalls(ofA.id)) === 1);
  const { workflow } = await jobs('a').get(ofA.id);
  await expect(jobs('a').retry(ofA.id)).rejects.toMatchObject({ code: 'HW_JOB_RUNNING' });
  await rig.client.workflow.getHandle(workflow.id, workflow.runId).terminate('by hand');
  await rig.produce([ofB], 0);
  await eventually('the other has failed', () => rig.results.some(({ result }) => result.tenant === 'b'));

  const again = await jobs('a').retry(ofA.id);
  expect(again).toMatchObject({ tenant: 'a', run: 2 });
  expect((await jobs('b').get(ofB.id)).run).toBe(1);
  await jobs('a').cancel(ofA.id);
});

test('pages of a list hold each job once', async () => {
  const requests = Array.from({ length: 5 }, (_, index) => brief(`page${index}`));
  for (const request of requests) await jobs(rig.name).submit(request);
  await eventually('visibility knows all', async () => {
    return (await jobs(rig.name).list({}, { limit: 100 })).jobs.length === requests.length;
  });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs(rig.name).list({}, { limit: 2, cursor });
    expect(page.jobs.length).toBeLessThanOrEqual(2);
    seen.push(...page.jobs.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(seen.sort()).toEqual(requests.map(({ id }) => id).sort());
  await expect(jobs().list({}, { limit: 2, cursor: 'x' })).rejects.toMatchObject({
    code: 'HW_CURSOR_INVALID',
  });
  const forged = Buffer.from(JSON.stringify({ token: 'AAAA', skip: 0 })).toString('base64url');
  await expect(jobs().list({}, { limit: 2, cursor: forged })).rejects.toMatchObject({
    code: 'HW_CURSOR_INVALID',
  });
});

test('a list says what no worker tells about, and holds all the rest', async () => {
  const fates = [brief('fine'), brief('refused', 'refusal')].map((job) => ({ ...job, tenant: rig.name }));
  await rig.produce(fates, 0);
  const worker = await rig.startWorker();
  await rig.startBridge();
  const results = await rig.resultsFor(fates.map(({ id }) => id));
  const [{ result } = { result: undefined }] = results.get(fates[0]?.id ?? '') ?? [];
  const pack = result?.workflow.id ?? '';
  await eventually('the pack has ended', async () => {
    const { status } = await rig.client.workflow.getHandle(pack).describe();
    return status.name === 'COMPLETED';
  });
  await worker.kill('SIGKILL');
  const other = brief('other');
  await jobs(rig.name).submit(other);
  await eventually('visibility knows both', async () => {
    const page = await jobs(rig.name).list({}, { limit: 10 });
    return page.unanswered?.[0] === pack && page.jobs[0]?.id === other.id && page.jobs.length === 1;
  });
  // It ended by itself, so nobody may say that it was terminated.
  await expect(jobs(rig.name).get(fates[1]?.id ?? '')).rejects.toMatchObject({ code: 'HW_NO_WORKER' });
});

test('a job in a payload store that is not known here takes no other out of the list, and is told by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-payloads-'));
  try {
    const dataConverter = createDataConverter({
      payloadStore: { place: { kind: 'folder', folder }, thresholdBytes: 200 },
    });
    const { connection, namespace } = rig.client.options;
    const moved = new Client({ connection, namespace, dataConverter });
    const [hidden, plain] = [brief('hidden-payload'), brief('plain-payload')];
    const { view } = await jobs(rig.name, moved).submit(hidden);
    await jobs(rig.name).submit(plain);
    await eventually('visibility knows both', async () => {
      const page = await jobs(rig.name).list({ since: Date.now() - 60_000 }, { limit: 10 });
      return (
        page.unanswered?.includes(view.workflow.id) === true && page.jobs.some(({ id }) => id === plain.id)
      );
    });
    const unreadable = {
      code: 'HW_PAYLOAD_UNREADABLE',
      message: expect.stringContaining('PAYLOAD_STORE') as string,
    };
    await expect(jobs(rig.name).get(hidden.id)).rejects.toMatchObject(unreadable);
    await expect(jobs(rig.name).submit(hidden)).rejects.toMatchObject(unreadable);
    expect(await jobs(rig.name, moved).get(hidden.id)).toMatchObject({ status: 'queued' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a memo in a payload store that is not known here, or away, is told by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-payloads-'));
  const { connection, namespace } = rig.client.options;
  const storedIn = (place: PayloadStore['place']) =>
    new Client({
      connection,
      namespace,
      dataConverter: createDataConverter({ payloadStore: { place, thresholdBytes: 20 } }),
    });
  const moved = storedIn({ kind: 'folder', folder });
  const request = brief('hidden-memo');
  await jobs(rig.name, moved).submit(request);
  // Which run it is stands in the memo.
  await moved.workflow.getHandle(request.id).terminate();
  expect(await jobs(rig.name, moved).retry(request.id)).toMatchObject({ run: 2 });
  const readers = { unknown: rig.client, away: storedIn({ kind: 'folder', folder: `${folder}-away` }) };
  await rm(folder, { recursive: true, force: true });
  for (const [name, client] of Object.entries({ ...readers, gone: moved })) {
    const unreadable = {
      code: 'HW_PAYLOAD_UNREADABLE',
      message: expect.stringContaining(request.id) as string,
    };
    for (const ask of [
      () => jobs(rig.name, client).get(request.id),
      () => jobs(rig.name, client).retry(request.id),
    ]) {
      const error: unknown = await ask().catch((thrown: unknown) => thrown);
      expect([name, error]).toMatchObject([name, unreadable]);
    }
    await eventually('a list names it', async () => {
      const page = await jobs(rig.name, client).list({ since: Date.now() - 60_000 }, { limit: 10 });
      return page.unanswered?.includes(request.id) === true;
    });
  }
  await moved.workflow.getHandle(request.id).terminate();
});

test('a server that freezes while a cancel waits for a worker is not taken for a missing worker', async () => {
  const [host = '', port] = (readLocalStack()?.temporalAddress ?? '').split(':');
  const proxy = await createTcpProxy({ name: 'temporal', target: () => ({ host, port: Number(port) }) });
  const connection = await Connection.connect({ address: `127.0.0.1:${proxy.port}` });
  try {
    const client = new Client({ connection, namespace: rig.client.options.namespace });
    const request = brief('frozen');
    await jobs(undefined, client).submit(request);
    const before = cancelJob(client, request.id, request.id).catch((error: unknown) => error);
    expect(await before).toMatchObject({ code: 'HW_NO_WORKER' });
    const meanwhile = cancelJob(client, request.id, request.id).catch((error: unknown) => error);
    proxy.stall();
    expect(await meanwhile).toMatchObject({ code: 'HW_SERVER_UNREACHABLE' });
  } finally {
    await proxy.close();
    await connection.close();
  }
});

test('changes tell each state of a job once, and end with it', async () => {
  const request = brief('watched');
  await jobs().submit(request);
  const seen: { version: string; status: string }[] = [];
  const watching = (async () => {
    for await (const { version, view } of jobs().changes(request.id)) {
      seen.push({ version, status: view.status });
    }
  })();
  await eventually('the first state', () => seen.length === 1);
  await rig.startWorker();
  await watching;
  expect(seen[0]?.status).toBe('queued');
  expect(seen.at(-1)?.status).toBe('completed');
  expect(new Set(seen.map(({ version }) => version)).size).toBe(seen.length);
  const after: unknown[] = [];
  for await (const change of jobs().changes(request.id, { after: seen.at(-1)?.version })) after.push(change);
  expect(after).toEqual([]);
});
