import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JobEnd } from '../../../cli/submit/door';
import { createHttpClient } from '../../../cli/submit/http-client';
import { openHttpDoor } from '../../../cli/submit/http-door';
import { resultOf, viewOf } from '../fake-jobs';

const { signal } = new AbortController();
let answers: string[];
const server = createServer((request, response) => {
  const batch = request.url === '/v1/jobs:batch';
  response.end(batch ? '{"line":1,"status":202}\n' : answers.length > 1 ? answers.shift() : answers[0]);
});
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => server.close());

async function endOf(...given: object[]): Promise<JobEnd> {
  answers = given.map((answer) => JSON.stringify(answer));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const door = openHttpDoor({ client: createHttpClient({ url }, signal), url, signal, everyMs: 1 });
  for await (const _ of door.send(requests()));
  for await (const end of door.ends()) return end;
  throw new Error('no end');
}

async function* requests() {
  yield await Promise.resolve({ number: 1, place: 'line 1', id: 'a', json: '{}' });
}

test('a job that a door of a version to come tells of is waited for, and its result handed on as it came', async () => {
  const type = 'HW_FROM_THE_FUTURE';
  const error = { type, stage: 'check', message: 'new', attempts: 1 };
  const result = { ...resultOf('a', 'failed'), error, shape: 2 };
  const inProgress = viewOf('a', { status: 'in_progress' });
  const end = await endOf(
    { ...inProgress, stage: 'check', lastError: { type, message: 'again' } },
    { ...viewOf('a', { status: 'failed' }), result },
  );
  const message = 'HW_FROM_THE_FUTURE at check (1 attempt): new';
  expect(end).toEqual({ id: 'a', status: 'failed', result, message });
});

test('an answer that is none of a door is told of with the variable that names it', async () => {
  await expect(endOf({ status: 'evaporated' })).rejects.toMatchObject({
    code: 'HW_CONFIG_INVALID',
    message: expect.stringMatching(/^HEADWAY_URL: what answers at http:/),
  });
});
