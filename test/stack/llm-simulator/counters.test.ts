import OpenAI from 'openai';
import { openSimulator, rejectionOf, until, type Opened } from './support';

let opened: Opened;
beforeEach(async () => (opened = await openSimulator()));
afterEach(() => opened.stop());

const request = (job: string, directive = 'latency=1000') => ({
  model: 'gpt-4.1',
  input: 'Company: Blue Harbor',
  metadata: { headway_job_id: job, headway_simulate: directive },
});
const nothing = {
  ...{ calls: 0, accepted: 0, completed: 0, incomplete: 0, failed: 0, cancelled: 0, aborted: 0 },
  ...{ polls: 0, repeated: 0, rejected: {} },
};

it('counts by job and in total', async () => {
  await opened.client.responses.create(request('a'));
  await opened.client.responses.create(request('a'));
  await rejectionOf(opened.client.responses.create(request('b', 'rate_limit')));
  const { id } = await opened.client.responses.create({ ...request('c', 'hang'), background: true });
  await opened.client.responses.retrieve(id);
  await opened.client.responses.cancel(id);

  const { totals, jobs } = await opened.allCounts();
  expect(jobs).toEqual({
    a: { ...nothing, calls: 2, accepted: 2, completed: 2 },
    b: { ...nothing, calls: 1, rejected: { 429: 1 } },
    c: { ...nothing, calls: 1, accepted: 1, cancelled: 1, polls: 1 },
  });
  expect(totals).toMatchObject({
    jobs: 3,
    calls: 4,
    accepted: 3,
    completed: 2,
    cancelled: 1,
    polls: 1,
    inFlight: 0,
  });
  expect(totals.rejected).toEqual({ 429: 1 });
  expect(await opened.countsOf('a')).toEqual(jobs.a);
  expect(await opened.countsOf('never seen')).toEqual(nothing);
});

it('knows that a background call has ended although nobody asked for it', async () => {
  await opened.client.responses.create({ ...request('unread'), background: true });
  const counts = await until(
    () => opened.countsOf('unread'),
    ({ completed }) => completed === 1,
  );
  expect(counts.polls).toBe(0);
  expect((await opened.totals()).inFlight).toBe(0);
});

it('keeps the peak of the calls in flight', async () => {
  const calls = ['a', 'b', 'c'].map((job) =>
    opened.client.responses.create({ ...request(job, 'hang'), background: true }),
  );
  for (const { id } of await Promise.all(calls)) await opened.client.responses.cancel(id);
  await opened.client.responses.create(request('d'));
  expect(await opened.totals()).toMatchObject({ inFlight: 0, peakInFlight: 3 });
});

it('starts anew after a reset', async () => {
  const open = rejectionOf(opened.client.responses.create(request('open', 'hang')));
  const { id } = await opened.client.responses.create({ ...request('background', 'hang'), background: true });
  await until(opened.totals, ({ inFlight }) => inFlight === 2);
  await opened.setFaults({ rates: { server_error: 1 } });
  await opened.reset();

  expect(await open).toBeInstanceOf(OpenAI.APIConnectionError);
  expect(await rejectionOf(opened.client.responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
  expect((await opened.client.responses.create(request('again', 'slow times=1'))).status).toBe('completed');
  const { totals, jobs } = await opened.allCounts();
  expect(jobs).toEqual({ again: { ...nothing, calls: 1, accepted: 1, completed: 1 } });
  expect(totals).toMatchObject({ accepted: 1, inFlight: 0, peakInFlight: 1, jobs: 1, faults: { slow: 1 } });
});

describe('an idempotency key', () => {
  const withKey = { headers: { 'Idempotency-Key': 'key-1' } };

  it('gives the same background response without a second call', async () => {
    const background = { ...request('job'), background: true };
    const first = await opened.client.responses.create(background, withKey);
    const second = await opened.client.responses.create(background, withKey);
    expect(second.id).toBe(first.id);
    expect(await opened.countsOf('job')).toMatchObject({ calls: 1, accepted: 1, repeated: 1 });
  });

  it('gives the same inline answer, also to one who asks while it is being made', async () => {
    const ask = () => opened.client.responses.create(request('job', 'latency=40000'), withKey);
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second).toEqual(first);
    expect(await ask()).toEqual(first);
    expect(await opened.countsOf('job')).toMatchObject({ accepted: 1, completed: 1, repeated: 2 });
  });

  it('does not hold on to a call that was refused or cut off', async () => {
    await rejectionOf(opened.client.responses.create(request('refused', 'server_error times=1'), withKey));
    await rejectionOf(
      opened.client.responses.create(request('cut', 'hang times=1'), { ...withKey, timeout: 50 }),
    );
    await until(opened.totals, ({ aborted }) => aborted === 1);
    expect((await opened.client.responses.create(request('cut', 'hang times=1'), withKey)).status).toBe(
      'completed',
    );
  });
});
