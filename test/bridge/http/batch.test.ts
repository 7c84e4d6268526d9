import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { setImmediate as soon } from 'node:timers/promises';
import { linesOf } from '../../../bridge/http/lines';
import { createMemory } from '../../../bridge/http/memory';
import { eventually } from '../../support/eventually';
import { brief, closeDoors, openDoor, type TestDoor } from './support';

afterEach(closeDoors);

const ndjson = { 'content-type': 'application/x-ndjson' };

/** A batch whose lines are written, and whose verdicts are read, whenever the test wants. */
async function openBatch({ address }: TestDoor) {
  const request: ClientRequest = httpRequest(`${address}/v1/jobs:batch`, { method: 'POST', headers: ndjson });
  request.on('error', () => undefined);
  const response = new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  request.flushHeaders();
  return { request, response };
}

describe('POST /v1/jobs:batch', () => {
  it('answers each line in order, whatever is wrong with others', async () => {
    const { call, jobs } = await openDoor({ bodyMaxBytes: 2_000 });
    const lines = [
      JSON.stringify(brief({ id: 'one' })),
      '{',
      '',
      JSON.stringify(brief({ input: {} })),
      JSON.stringify(brief({ metadata: { long: 'x'.repeat(3_000) } })),
      JSON.stringify(brief({ id: 'one' })),
      '\ufffd'.repeat(3),
      JSON.stringify(brief({ id: 'last' })),
    ];
    const { status, body } = await call('POST', '/v1/jobs:batch', {
      body: lines.join('\n'),
      headers: ndjson,
    });
    expect(status).toBe(200);
    const verdicts = body.map((one: { line: number; status: number; problem?: { code: string } }) => [
      one.line,
      one.status,
      one.problem?.code,
    ]);
    expect(verdicts).toEqual([
      [1, 202, undefined],
      [2, 400, 'HW_REQUEST_INVALID'],
      [4, 422, 'HW_JOB_INVALID'],
      [5, 413, 'HW_RECORD_TOO_LARGE'],
      [6, 422, 'HW_JOB_ID_TAKEN'],
      [7, 400, 'HW_REQUEST_INVALID'],
      [8, 202, undefined],
    ]);
    expect(jobs.started.map(({ id }) => id)).toEqual(['one', 'last']);
  });

  it('gives the same jobs for the same key', async () => {
    const { call, jobs } = await openDoor();
    const body = [brief(), brief(), brief()].map((job) => JSON.stringify(job)).join('\n');
    const headers = { ...ndjson, 'idempotency-key': 'k' };
    const first = await call('POST', '/v1/jobs:batch', { body, headers });
    const second = await call('POST', '/v1/jobs:batch', { body, headers });
    expect(second.body).toEqual(first.body);
    expect(jobs.started).toHaveLength(3);
  });

  it('answers while lines are still coming', async () => {
    const door = await openDoor();
    const { request, response } = await openBatch(door);
    request.write(`${JSON.stringify(brief({ id: 'early' }))}\n`);
    const verdicts = (await response).setEncoding('utf8')[Symbol.asyncIterator]();
    expect(JSON.parse((await verdicts.next()).value as string)).toMatchObject({ line: 1, status: 202 });
    request.end(JSON.stringify(brief({ id: 'late' })));
    expect(JSON.parse((await verdicts.next()).value as string)).toMatchObject({ line: 2, status: 202 });
    expect((await verdicts.next()).done).toBe(true);
  });

  it('starts a bounded number of 1,000 jobs at a time, and keeps their order', async () => {
    const { call, jobs } = await openDoor({}, { startConcurrency: 8 });
    jobs.beforeStart = async () => void (await soon());
    const lines = Array.from({ length: 1_000 }, (_, index) => JSON.stringify(brief({ id: `j${index}` })));
    const { body } = await call('POST', '/v1/jobs:batch', { body: lines.join('\n'), headers: ndjson });
    expect(body.map(({ job }: { job: { id: string } }) => job.id)).toEqual(
      lines.map((_, index) => `j${index}`),
    );
    expect(jobs.starting.most).toBe(8);
  });

  it('reads no further line while nobody takes the verdicts', async () => {
    const door = await openDoor();
    const { request, response } = await openBatch(door);
    // Nothing is read of it.
    (await Promise.race([response, sendForEver(request)]).catch(() => undefined))?.pause();
    try {
      // Its sender is held back: what the door has not read fills every buffer between them.
      await eventually('it stands still', async () => {
        const before = door.jobs.started.length;
        for (let turn = 0; turn < 200; turn++) await soon();
        return before > 0 && door.jobs.started.length === before && request.writableNeedDrain;
      });
    } finally {
      request.destroy();
    }
  }, 30_000);

  it('stops when its client has gone', async () => {
    const door = await openDoor();
    const { request, response } = await openBatch(door);
    request.write(`${JSON.stringify(brief())}\n`);
    await response;
    request.destroy();
    await eventually('the batch is closed', async () =>
      /streams_open\{kind="batch"[^}]*\} 0/.test(await door.metrics.registry.metrics()),
    );
  });

  it.each(['application/json', 'text/plain'])('takes nothing else, such as %s', async (type) => {
    const { call } = await openDoor();
    const answer = await call('POST', '/v1/jobs:batch', { body: '{}', headers: { 'content-type': type } });
    expect([answer.status, answer.body.code]).toEqual([415, 'HW_MEDIA_TYPE']);
  });
});

/** Writes lines as fast as they are taken; never resolves. */
async function sendForEver(request: ClientRequest): Promise<never> {
  let sent = 0;
  while (!request.destroyed) {
    const line = () => `${JSON.stringify(brief({ id: `${sent++}-${'x'.repeat(180)}` }))}\n`;
    // Many at once: the buffers of the machine hold thousands of verdicts.
    if (!request.write(Array.from({ length: 50 }, line).join('')))
      await new Promise<void>((resolve) => request.once('drain', resolve));
    await soon();
  }
  return new Promise<never>(() => undefined);
}

test.each<[string[], (string | undefined)[]]>([
  [['a\nb'], ['a', 'b']],
  [
    ['a\n', '\n', 'b\n'],
    ['a', 'b'],
  ],
  [
    ['a', 'b\nc', 'd'],
    ['ab', 'cd'],
  ],
  [
    ['12345', '6\nok\n1234', '567'],
    [undefined, 'ok', undefined],
  ],
  [[' \r\n', 'x'], ['x']],
  [[], []],
])('the lines of %j, of at most five bytes', async (chunks, expected) => {
  async function* stream() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const memory = createMemory({ total: 1_000, each: 1_000 }).share('a');
  const lines: (string | undefined)[] = [];
  for await (const line of linesOf(stream(), 5, memory)) lines.push(line.bytes?.toString());
  expect(lines).toEqual(expected);
});
