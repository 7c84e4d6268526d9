import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../../support/eventually';
import { brief, closeDoors, openDoor, type TestDoor } from './support';

afterEach(closeDoors);

/** A connection on which a test writes whatever it wants, and what came back so far. */
function connection({ address }: TestDoor): { socket: Socket; text(): string } {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { socket, text: () => text };
}

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'host: localhost', ...headers, '', ''].join('\r\n');
const follow = head('GET /v1/jobs/e/events');
const batch = head('POST /v1/jobs:batch', 'content-type: application/x-ndjson', 'content-length: 1000');
const garbage = 'this is no HTTP\r\n\r\n';

async function withJob(options?: Parameters<typeof openDoor>[0]): Promise<TestDoor> {
  const door = await openDoor(options, { maxStreams: 3 });
  await door.call('POST', '/v1/jobs', { body: brief({ id: 'e' }) });
  return door;
}

const opened = async ({ metrics }: TestDoor) =>
  [...(await metrics.registry.metrics()).matchAll(/streams_open\{kind="(\w+)"[^}]*\} ([1-9]\d*)/g)].map(
    ([, kind, count]) => `${count} ${kind}`,
  );

test('streams that wait behind another one on their connection give their places back when it is gone', async () => {
  const door = await withJob();
  const { socket } = connection(door);
  socket.write(follow + follow + batch);
  await eventually('all are open', async () => (await opened(door)).join() === '2 events,1 batch');
  expect((await door.call('GET', '/v1/jobs/e/events')).status).toBe(429);
  socket.destroy();
  await eventually('all are closed', async () => (await opened(door)).length === 0);
  expect(door.jobs.following).toBe(0);
  const next = connection(door);
  next.socket.write(follow + follow);
  await eventually('there are places again', () => door.jobs.following === 2);
  next.socket.destroy();
});

test('nobody waits for the end of a job for a client that left while the job was started', async () => {
  const door = await withJob();
  let goOn = (): void => undefined;
  door.jobs.beforeStart = () => new Promise<void>((resolve) => (goOn = resolve));
  const { socket } = connection(door);
  const body = JSON.stringify(brief({ id: 'left' }));
  const headers = ['content-type: application/json', `content-length: ${body.length}`, 'prefer: wait=30'];
  // The second is there to tell when the door knows that the client has gone.
  socket.write(head('POST /v1/jobs', ...headers) + body + follow);
  await eventually('it is being started', () => door.jobs.starting.now === 1 && door.jobs.following === 1);
  socket.destroy();
  await eventually('the door knows that the client has gone', () => door.jobs.following === 0);
  goOn();
  await eventually('the job is durable', () => door.jobs.started.length === 2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await opened(door)).toEqual([]);
});

describe('what is no HTTP request', () => {
  it('is answered with 400 where nothing else is under way', async () => {
    const { socket, text } = connection(await openDoor());
    socket.write(garbage);
    await once(socket, 'close');
    expect(text()).toMatch(/^HTTP\/1.1 400 .*HW_REQUEST_INVALID/s);
  });

  it('is so, too, in the body of a request', async () => {
    const { socket, text } = connection(await openDoor());
    const type = 'content-type: application/json';
    socket.write(`${head('POST /v1/jobs', type, 'transfer-encoding: chunked')}no length\r\n`);
    await once(socket, 'close');
    expect(text()).toMatch(/^HTTP\/1.1 400 .*HW_REQUEST_INVALID/s);
  });

  it('ends the connection, and nothing more, within an event stream', async () => {
    const { socket, text } = connection(await withJob());
    socket.write(follow);
    await eventually('it has begun', () => text().includes('event: job'));
    socket.write(garbage);
    await once(socket, 'close');
    expect(text()).not.toMatch(/HTTP\/1.1 400|HW_/);
  });

  it('is not taken for the answer to a request that is being worked on', async () => {
    const door = await openDoor();
    let release = (): void => undefined;
    door.jobs.beforeStart = () => new Promise<void>((resolve) => (release = resolve));
    const { socket, text } = connection(door);
    const body = JSON.stringify(brief());
    const headers = ['content-type: application/json', `content-length: ${body.length}`];
    socket.write(head('POST /v1/jobs', ...headers) + body);
    await eventually('it is being started', () => door.jobs.starting.now === 1);
    socket.write(garbage);
    await once(socket, 'close');
    release();
    expect(text()).toBe('');
  });

  it('nor are headers that do not arrive in time, behind an event stream', async () => {
    const { socket, text } = connection(await withJob({ headersTimeoutMs: 1 }));
    socket.write(follow);
    await eventually('it has begun', () => text().includes('event: job'));
    socket.write('GET /v1/jobs HTTP/1.1\r\n');
    await once(socket, 'close');
    expect(text()).not.toMatch(/HTTP\/1.1 408|HW_/);
  }, 20_000);
});

test('headers that do not arrive in time are answered with 408, not long after', async () => {
  const { socket, text } = connection(await openDoor({ headersTimeoutMs: 1 }));
  socket.write('GET /v1/jobs HTTP/1.1\r\n');
  await once(socket, 'close');
  expect(text()).toMatch(/^HTTP\/1.1 408 .*HW_REQUEST_TIMEOUT/s);
}, 20_000);
