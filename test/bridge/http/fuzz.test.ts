import * as fc from 'fast-check';
import { jobRequestFields } from '../../../contracts/job-request';
import { fakeWebhooks, signed } from './fake-webhooks';
import { noLongWait, requestsFor } from './requests-for';
import { brief, closeDoors, openDoor } from './support';

afterEach(closeDoors);

test('whatever is sent, the answer is one that the document describes, and none is 5xx', async () => {
  const door = await openDoor({ webhooks: fakeWebhooks() });
  // With jobs that have ended, event streams end as well.
  for (const id of ['a:cancel', '1', '%']) {
    await door.call('POST', '/v1/jobs', { body: brief({ id }) });
    door.jobs.end(id);
  }
  await fc.assert(
    fc.asyncProperty(
      requestsFor(door.published),
      async ({ method, path, query, headers, type, body: sent }) => {
        if (path.endsWith('/events'))
          for (const { id, completedAt } of door.jobs.started) if (!completedAt) door.jobs.end(id);
        const search = new URLSearchParams(query).toString();
        const hasBody = method === 'POST' || method === 'PUT';
        const answer = await door.call(method, `${path}${search && `?${search}`}`, {
          body: hasBody ? sent : undefined,
          headers: {
            ...noLongWait(headers),
            ...(hasBody ? { 'content-type': type } : {}),
            ...(path.endsWith('-webhooks') && hasBody ? signed(sent) : {}),
          },
        });
        expect([answer.status >= 500, answer.text]).toEqual([false, answer.text]);
      },
    ),
    { numRuns: 400 },
  );
  expect(door.published.seen.size).toBeGreaterThan(12);
}, 60_000);

test('every field of a job request is among what is made up', async () => {
  const { published } = await openDoor();
  const bodies = fc.sample(requestsFor(published), { numRuns: 300, seed: 1 }).map(({ body }) => body);
  for (const field of Object.keys(jobRequestFields.shape))
    expect(bodies.some((body) => body.startsWith('{') && body.includes(`"${field}":`))).toBe(true);
});
