import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as soon } from 'node:timers/promises';
import { batchVerdicts } from '../../../bridge/http/batch';
import { linesOf, type Line } from '../../../bridge/http/lines';
import {
  createMemories,
  createMemory,
  SMALL_BYTES,
  WINDOW_BYTES,
  type Share,
} from '../../../bridge/http/memory';
import type { JobRequest } from '../../../contracts/job-request';
import type { JobView } from '../../../contracts/job-view';
import { newApiKey } from '../../../runtime/api-keys';
import { eventually } from '../../support/eventually';
import { brief, closeDoors, openDoor, type TestDoor } from './support';

afterEach(closeDoors);

const LIMIT = 10_000;
const json = 'content-type: application/json';
const ndjson = { 'content-type': 'application/x-ndjson' };

/** A job request of so many bytes. */
function sized(bytes: number, id: string): string {
  const text = JSON.stringify(brief({ id }));
  return text.slice(0, -1).padEnd(bytes - 1) + text.slice(-1);
}

/** A door with room for bodies of 10,000 bytes, and with the job `there`. It starts no further one before `open`. */
async function closedDoor(options: Parameters<typeof openDoor>[0] = {}) {
  const door = await openDoor({ bodyMaxBytes: LIMIT, memoryBytes: 0, ...options });
  await door.jobs.of().submit(brief({ id: 'there' }) as unknown as JobRequest);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  door.jobs.beforeStart = () => gate;
  return { ...door, open };
}

/** A request that is written as the test wants, and its answer so far. */
function rawRequest({ address }: TestDoor, ...headers: string[]): { socket: Socket; text(): string } {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(['POST /v1/jobs HTTP/1.1', 'host: localhost', json, ...headers, '', ''].join('\r\n'));
  return { socket, text: () => text };
}

/** Of lines of at most five bytes, each of which becomes a job after a while. */
const verdictsOf = (stream: AsyncIterable<Buffer>, memory: Share) =>
  batchVerdicts(linesOf(stream, 5, memory), {
    ...{ concurrency: 2, windowBytes: 100, lineMaxBytes: 5, memory },
    ...{ signal: new AbortController().signal, onDefect: () => undefined },
    submit: async () => {
      for (let turn = 0; turn < 20; turn++) await soon();
      return { view: { status: 'queued' } as JobView, created: true };
    },
  });

type Shares = [Share, Share, Share];

/** Takes all there is. */
function roomOf(share: Share): number {
  let bytes = 0;
  while (share.take(1)) bytes++;
  return bytes;
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

const refused = [503, 'HW_OVERLOADED', '2'];

describe('bodies in hand', () => {
  it('are bounded: a request beyond is to be sent again later, and one without a body is not refused', async () => {
    const door = await closedDoor();
    const calls = ['a', 'b'].map((id) => door.call('POST', '/v1/jobs', { body: sized(LIMIT / 2, id) }));
    await eventually('both are in hand', () => door.jobs.starting.now === 2);
    const { status, body, headers } = await door.call('POST', '/v1/jobs', { body: sized(1_000, 'c') });
    expect([status, body.code, headers.get('retry-after')]).toEqual(refused);
    expect((await door.call('POST', '/v1/jobs/a:cancel')).body.code).toBe('HW_JOB_UNKNOWN');
    door.open();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([202, 202]);
    expect((await door.call('POST', '/v1/jobs', { body: sized(1_000, 'c') })).status).toBe(202);
  });

  it('are let go of once the job is durable, although the answer waits for its end', async () => {
    const door = await openDoor({ bodyMaxBytes: LIMIT, memoryBytes: 0 });
    const waiting = door.call('POST', '/v1/jobs', {
      body: sized(LIMIT, 'a'),
      headers: { prefer: 'wait=30' },
    });
    await eventually('it waits', () => door.jobs.started.length === 1);
    expect((await door.call('POST', '/v1/jobs', { body: sized(1_000, 'b') })).status).toBe(202);
    door.jobs.end('a');
    expect((await waiting).status).toBe(200);
  });

  it('are in hand until their job is started although the client has gone', async () => {
    const door = await closedDoor();
    const body = sized(LIMIT, 'a');
    const { socket } = rawRequest(door, `content-length: ${body.length}`);
    socket.write(`${body}GET /v1/jobs/there/events HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await eventually('it is in hand', () => door.jobs.starting.now === 1 && door.jobs.following === 1);
    socket.destroy();
    await eventually('the door knows that the client has gone', () => door.jobs.following === 0);
    const send = () => door.call('POST', '/v1/jobs', { body: sized(1_000, 'b') });
    expect((await send()).body.code).toBe('HW_OVERLOADED');
    door.open();
    await eventually('it is let go', async () => (await send()).status === 202);
  });

  it('are counted while they arrive, and given back when the connection breaks', async () => {
    const door = await openDoor({ bodyMaxBytes: LIMIT, memoryBytes: 0 });
    const half = rawRequest(door, `content-length: ${LIMIT}`);
    const send = () => door.call('POST', '/v1/jobs', { body: sized(1_000, 'b') });
    await eventually('it is in hand', async () => (await send()).status === 503);
    half.socket.destroy();
    await eventually('it is given back', async () => (await send()).status === 202);
  });

  it('are counted as they arrive where they do not say how long they are', async () => {
    const door = await closedDoor();
    const chunked = rawRequest(door, 'transfer-encoding: chunked');
    chunked.socket.write(chunk(sized(1_000, 'a').slice(0, 400)));
    const other = door.call('POST', '/v1/jobs', { body: sized(LIMIT - 400, 'b') });
    await eventually('the other is in hand', () => door.jobs.starting.now === 1);
    // What is admitted is told that it is no JSON.
    await eventually(
      'what has arrived is in hand',
      async () => (await door.call('POST', '/v1/jobs', { body: '{' })).status === 503,
    );
    const late = rawRequest(door, 'transfer-encoding: chunked');
    await eventually('one that comes now is refused at once', () => /^HTTP\/1.1 503/.test(late.text()));
    late.socket.destroy();
    chunked.socket.write(chunk('"'));
    await eventually('it is refused', () => chunked.text().includes('HW_OVERLOADED'));
    expect(chunked.text()).toMatch(/^HTTP\/1.1 503 .*retry-after: 2/is);
    door.open();
    expect((await other).status).toBe(202);
    const whole = rawRequest(door, 'transfer-encoding: chunked');
    whole.socket.write(chunk(sized(LIMIT, 'c')) + chunk(''));
    await eventually('one of any size that is alone is taken', () => /^HTTP\/1.1 202/.test(whole.text()));
    whole.socket.destroy();
  });

  it('of one key leave room for another', async () => {
    const keys = ['one', 'two'].map((name) => ({ name, ...newApiKey() }));
    const door = await closedDoor({
      keys: keys.map(({ name, sha256 }) => ({ name, sha256, tenant: '*', scopes: ['submit'] })),
      memoryBytes: 4 * LIMIT,
    });
    const as = (index: number) => ({ authorization: `Bearer ${keys[index]?.key}` });
    const send = (index: number, id: string, bytes = 1_000) =>
      door.call('POST', '/v1/jobs', { body: sized(bytes, id), headers: as(index) });
    const first = send(0, 'a', LIMIT);
    await eventually('it is in hand', () => door.jobs.starting.now === 1);
    expect((await send(0, 'b')).status).toBe(503);
    const second = send(1, 'c');
    door.open();
    expect([(await first).status, (await second).status]).toEqual([202, 202]);
  });
});

describe('lines of batches in hand', () => {
  it('are bounded: a batch beyond is to be sent again later, and requests have memory of their own', async () => {
    const door = await closedDoor({ bodyMaxBytes: WINDOW_BYTES });
    const lines = (name: string) => [1, 2].map((n) => sized(WINDOW_BYTES, `${name}-${n}`)).join('\n');
    const batch = (name: string) =>
      door.call('POST', '/v1/jobs:batch', { body: lines(name), headers: ndjson });
    const first = [batch('a'), batch('b')];
    await eventually('two lines are in hand', () => door.jobs.starting.now === 2);
    const { status, body, headers } = await batch('c');
    expect([status, body.code, headers.get('retry-after')]).toEqual(refused);
    const single = door.call('POST', '/v1/jobs', { body: sized(1_000, 'single') });
    await eventually('a request is in hand, too', () => door.jobs.starting.now === 3);
    door.open();
    const verdicts = (await Promise.all(first)).map((answer) =>
      answer.body.map(({ status }: { status: number }) => status),
    );
    expect(verdicts).toEqual([
      [202, 202],
      [202, 202],
    ]);
    expect((await single).status).toBe(202);
    expect((await batch('d')).body[1].status).toBe(202);
  }, 30_000);

  it('wait for what others hold, in order', async () => {
    const memory = createMemory({ total: 5, each: 5 });
    const [others, one, two] = ['others', 'one', 'two'].map((name) => memory.share(name)) as Shares;
    others.take(3);
    const begun: string[] = [];
    const waiting = [one.takeInTurn(4).then(() => begun.push('large')), two.takeInTurn(2)];
    void waiting[1]?.then(() => begun.push('small'));
    for (let turn = 0; turn < 20; turn++) await soon();
    expect([begun, two.hasRoom()]).toEqual([[], false]);
    others.giveBack(3);
    await waiting[0];
    expect(begun).toEqual(['large']);
    one.giveBack(4);
    await waiting[1];
    expect(begun).toEqual(['large', 'small']);
  });

  it('wait for no other caller that has its half', async () => {
    const memory = createMemory({ total: 10, each: 5 });
    const [one, two] = ['one', 'two'].map((name) => memory.share(name)) as Shares;
    one.take(5);
    const first = one.takeInTurn(1);
    await two.takeInTurn(5);
    one.giveBack(5);
    await first;
  });

  it('that wait for their own caller keep no other out, and no other from coming', async () => {
    const memory = createMemory({ total: 10, each: 5 });
    const [greedy, other] = [memory.share('greedy'), memory.share('other')];
    await greedy.takeInTurn(5);
    void greedy.takeInTurn(5);
    expect([greedy.hasRoom(), other.hasRoom()]).toEqual([false, true]);
    await other.takeInTurn(2);
    // Now the one that waits does not fit beside the other either, and still it waits for its own caller only.
    expect(other.hasRoom()).toBe(true);
    await other.takeInTurn(2);
  });

  it('do not wait for each other: one that is read has room to its end, or none', async () => {
    const most = 2 * SMALL_BYTES;
    const memory = createMemory({ total: most, each: most }).share('a');
    const read = () => {
      const stream = new PassThrough();
      stream.write('x'.repeat(SMALL_BYTES + 1));
      return { stream, line: linesOf(stream, most, memory).next() };
    };
    const [first, second] = [read(), read()];
    await eventually('both are being read', () =>
      [first, second].every(({ stream }) => stream.readableLength === 0),
    );
    for (const { stream } of [second, first]) stream.write('y'.repeat(SMALL_BYTES - 1) + '\n');
    expect((await first.line).value).toMatchObject({ number: 1 });
    memory.giveBack(most);
    expect((await second.line).value).toMatchObject({ number: 1 });
    memory.giveBack(most);
    expect(roomOf(memory)).toBe(most);
  });

  it('are given back by a batch that was left, those that come late, too', async () => {
    const share = createMemory({ total: 5, each: 5 }).share('a');
    let come = (): void => undefined;
    const late = new Promise<void>((resolve) => (come = resolve));
    async function* stream() {
      yield Buffer.from('a\n');
      await late;
      yield Buffer.from('bbbbb\n');
    }
    for await (const verdict of verdictsOf(stream(), share)) {
      expect(verdict.status).toBe(202);
      break;
    }
    come();
    for (let turn = 0; turn < 20; turn++) await soon();
    expect(roomOf(share)).toBe(5);
  });

  it('leave memory only with those that are handed on, whatever becomes of the stream', async () => {
    const large = 'x'.repeat(SMALL_BYTES + 1);
    async function* stream() {
      yield Buffer.from(`ab\n \nc`);
      yield Buffer.from(`d\n${large}`);
      yield Buffer.from(`\n${large}`);
      yield Buffer.from(`${large}\n${large}`);
      throw new Error('broken');
    }
    const memory = createMemory({ total: 1_000_000, each: 1_000_000 }).share('a');
    const lines: Line[] = [];
    const reading = (async () => {
      for await (const line of linesOf(stream(), 100_000, memory)) lines.push(line);
    })();
    await expect(reading).rejects.toThrow('broken');
    expect(lines.map(({ number, bytes }) => [number, bytes?.length])).toEqual([
      [1, 2],
      [3, 2],
      [4, large.length],
      [5, undefined],
    ]);
    expect(roomOf(memory)).toBe(1_000_000 - 2 - 2 - large.length);
  });
});

test('the largest request that is alone has room, however little memory there is', () => {
  const { bodies, lines } = createMemories({ bytes: 0, bodyMaxBytes: 100, severalCallers: true });
  expect(roomOf(bodies.share('a'))).toBe(100);
  const batch = lines.share('a');
  expect(batch.take(WINDOW_BYTES - 1)).toBe(true);
  expect(roomOf(batch)).toBe(101);
});
