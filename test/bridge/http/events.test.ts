import { eventually } from '../../support/eventually';
import { eventsIn } from './published-document';
import { brief, closeDoors, openDoor } from './support';

afterEach(closeDoors);

describe('GET /v1/jobs/{id}/events', () => {
  it('tells every state of the job until it has ended, and then ends', async () => {
    const { call, jobs } = await openDoor();
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    const answer = call('GET', '/v1/jobs/e/events');
    await eventually('it is followed', () => jobs.following === 1);
    jobs.stage('e', 'call-llm');
    await new Promise((resolve) => setImmediate(resolve));
    jobs.end('e');
    const { status, headers, text } = await answer;
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const events = eventsIn(text);
    expect(events.at(-1)?.data).toMatchObject({ status: 'completed', result: { output: { answer: 42 } } });
    expect(events.map(({ data }) => data.status)).toEqual(['queued', 'in_progress', 'completed']);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  });

  it('does not tell again what the client has seen, and says 204 when there is nothing more', async () => {
    const { call, jobs } = await openDoor();
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    jobs.end('e');
    const [only] = eventsIn((await call('GET', '/v1/jobs/e/events')).text);
    const before = await call('GET', '/v1/jobs/e/events', { headers: { 'last-event-id': 'older' } });
    expect(eventsIn(before.text)).toHaveLength(1);
    const after = await call('GET', '/v1/jobs/e/events', { headers: { 'last-event-id': only?.id ?? '' } });
    expect([after.status, after.text]).toEqual([204, '']);
  });

  it('shows that it lives while nothing happens', async () => {
    const { call, jobs, address } = await openDoor({ heartbeatMs: 5 });
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    const { body } = await fetch(`${address}/v1/jobs/e/events`);
    let text = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (/^: still there$/m.test(text)) jobs.end('e');
    }
    expect(eventsIn(text).at(-1)?.data.status).toBe('completed');
  });

  it('ends with a problem when Temporal goes away', async () => {
    const { call, jobs } = await openDoor();
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    const answer = call('GET', '/v1/jobs/e/events');
    await eventually('it is followed', () => jobs.following === 1);
    jobs.away = true;
    jobs.stage('e', 'enrich');
    const last = eventsIn((await answer).text).at(-1);
    expect([last?.event, last?.data.code]).toEqual(['problem', 'HW_SERVER_UNREACHABLE']);
  });

  it('lets go of the job when its client has gone', async () => {
    const { call, jobs, address } = await openDoor();
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    const client = new AbortController();
    await fetch(`${address}/v1/jobs/e/events`, { signal: client.signal });
    await eventually('it is followed', () => jobs.following === 1);
    client.abort();
    await eventually('it is let go', () => jobs.following === 0);
  });

  it('has a bounded number of streams', async () => {
    const { call, jobs, address } = await openDoor({}, { maxStreams: 2 });
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    const streams = [1, 2].map(() => fetch(`${address}/v1/jobs/e/events`));
    await eventually('both are there', () => jobs.following === 2);
    const third = await call('GET', '/v1/jobs/e/events');
    expect([third.status, third.body.code, third.headers.get('retry-after')]).toEqual([
      429,
      'HW_RATE_LIMITED',
      '5',
    ]);
    jobs.end('e');
    await Promise.all(streams.map(async (stream) => (await stream).text()));
    expect((await call('GET', '/v1/jobs/e/events')).status).toBe(200);
  });

  it('ends when the door is closed', async () => {
    const { call, bridge, address } = await openDoor();
    await call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
    const stream = await fetch(`${address}/v1/jobs/e/events`);
    await bridge.stop();
    expect(eventsIn(await stream.text())).toHaveLength(1);
  });
});
