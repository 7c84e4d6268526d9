import { followJobs, type SeenJob } from '../../cli/follow-jobs';
import { HeadwayError } from '../../contracts/errors';
import { FakeJobs, unknownJob } from './fake-jobs';

const signal = new AbortController().signal;

async function follow(jobs: FakeJobs, ids: string[], patienceMs = 60_000): Promise<string[]> {
  const told: SeenJob[] = [];
  const get = (id: string) => jobs.jobs.get(id);
  for await (const changed of followJobs({ get, ids, signal, patienceMs, everyMs: 1 })) told.push(...changed);
  return told.map(({ id, view, over }) => `${id} ${view?.status ?? 'unknown'}${over ? '.' : ''}`);
}

test('tells of each change once, and is over when all have ended', async () => {
  const jobs = new FakeJobs();
  jobs.put('a', { status: 'queued' }, { status: 'queued' }, { status: 'completed' });
  jobs.put('b', { status: 'failed' });
  expect(await follow(jobs, ['a', 'b'])).toEqual(['a queued', 'b failed.', 'a completed.']);
  expect(jobs.asked.filter((id) => id === 'b')).toHaveLength(1);
});

test('a job that nobody knows yet is waited for', async () => {
  const jobs = new FakeJobs();
  jobs.put('a', unknownJob('a'), unknownJob('a'), { status: 'completed' });
  expect(await follow(jobs, ['a'])).toEqual(['a unknown', 'a completed.']);
});

test('one that nobody knows after all is over in the end', async () => {
  expect(await follow(new FakeJobs(), ['a'], 0)).toEqual(['a unknown.']);
});

test.each([
  ['a server', 'HW_SERVER_UNREACHABLE'],
  ['a worker that could tell', 'HW_NO_WORKER'],
] as const)('%s that is away is waited for, but not for ever', async (_, code) => {
  const away = new HeadwayError(code, 'away');
  const jobs = new FakeJobs();
  jobs.put('a', away, away, { status: 'completed' });
  expect(await follow(jobs, ['a'])).toEqual(['a completed.']);
  jobs.put('b', away);
  await expect(follow(jobs, ['b'], 0)).rejects.toBe(away);
});
