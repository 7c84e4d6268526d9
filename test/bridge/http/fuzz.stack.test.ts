import * as fc from 'fast-check';
import { briefs } from '../../support/rig';
import { startProcess } from '../../support/processes';
import { useRig } from '../../support/use-rig';
import { readPublishedDocument } from './published-document';
import { noLongWait, requestsFor, type MadeUpRequest } from './requests-for';

const rig = useRig();

const SEED = Number(process.env.FUZZ_SEED ?? 1729);
const REQUESTS = 250;
const LIMIT_MS = 90_000;
/** Event streams of jobs that go on are left after so long. */
const STREAM_MS = 500;

test('whatever is sent to the running door, with a real Temporal behind it, the answer is one that its document describes, and none is 5xx', async () => {
  const env = { ...rig.env, HTTP_PORT: '0', HTTP_RATE_LIMIT_PER_MINUTE: '100000' };
  const door = startProcess('bridge/http/main.js', env);
  await rig.startWorker();
  const { address } = JSON.parse(await door.logged(/HTTP door is up/)) as { address: string };
  const published = await readPublishedDocument(address);
  // Jobs that requests may hit: one that has ended, one that goes on.
  const jobs = [...briefs(1, `${rig.name}-done`), ...briefs(1, `${rig.name}-going`, 'latency=2000000')];
  await post('/v1/jobs', jobs[0], { prefer: 'wait=30' });
  await post('/v1/jobs', jobs[1]);
  const ids = jobs.map(({ id }) => id);
  console.log(`fuzz: seed ${SEED}, ${REQUESTS} requests; FUZZ_SEED=... takes another one`);

  const requests = fc
    .tuple(requestsFor(published), fc.option(fc.constantFrom(...ids), { freq: 3 }))
    .map(([request, id]) => (id === null ? request : { ...request, path: withId(request, id) }));
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      sent += 1;
      const answer = await send(request);
      expect([answer.status >= 500, answer.text]).toEqual([false, answer.text]);
    }),
    { seed: SEED, numRuns: REQUESTS, interruptAfterTimeLimit: LIMIT_MS, endOnFailure: true },
  );
  expect(sent).toBeGreaterThan(50);
  expect(published.seen.size).toBeGreaterThan(12);
  expect(door.log()).not.toContain('"level":"error"');

  function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return fetch(`${address}${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  async function send({ method, path, query, headers, type, body }: MadeUpRequest) {
    const search = new URLSearchParams(query).toString();
    const where = `${path}${search && `?${search}`}`;
    const hasBody = method === 'POST' || method === 'PUT';
    const response = await fetch(`${address}${where}`, {
      method,
      headers: { ...noLongWait(headers), ...(hasBody ? { 'content-type': type } : {}) },
      body: hasBody ? body : undefined,
    });
    const mediaType = response.headers.get('content-type');
    const streams = mediaType?.startsWith('text/event-stream') ?? false;
    const text = streams ? await firstOf(response) : await response.text();
    published.check({ method, path: where, status: response.status, type: mediaType, text });
    return { status: response.status, text };
  }
}, 180_000);

function withId({ path }: MadeUpRequest, id: string): string {
  return path.replace(
    /^\/v1\/jobs\/.*?(?=:cancel$|:retry$|\/events$|$)/,
    `/v1/jobs/${encodeURIComponent(id)}`,
  );
}

/** What a stream has told when it ends, or after a while. */
async function firstOf(response: Response): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const late = setTimeout(() => void reader.cancel(), STREAM_MS);
  let text = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) text += chunk.value;
  clearTimeout(late);
  return text;
}
