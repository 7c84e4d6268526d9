import { watchDuplicates, type Lookup } from '../../../cli/submit/duplicates';
import type { JobEnd } from '../../../cli/submit/door';
import { createWaitingList } from '../../../cli/submit/waiting-list';
import { HeadwayError } from '../../../contracts/errors';
import type { JobResult } from '../../../contracts/job-result';
import type { JobView } from '../../../contracts/job-view';
import { UnavailableError } from '../../../contracts/stage-errors';

const TOPIC = 'q';
/** A job from record 2, which was there first. */
const EARLIER = 'q:0:2:1000';

const view = (id: string, status: JobView['status'], more: Partial<JobView> = {}) =>
  ({ id, status, receivedAt: new Date(1_000).toISOString(), ...more }) as JobView;
const resultFrom = (offset: string) =>
  ({ source: { door: 'kafka', topic: TOPIC, partition: 0, offset, timestamp: 1_000 } }) as JobResult;

interface World {
  committed: number;
  /** What the ledger says, or throws. */
  holders: Record<string, string> | Error;
  get: (id: string) => JobView;
  temporal?: Error;
}

let closeAll: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closeAll.map((close) => close()));
  closeAll = [];
});

/** Job a was sent as record 5, b as record 6. `times` says how often something was asked. */
function watching(world: World) {
  const times = { committed: 0, holders: 0, temporal: 0 };
  const told: string[] = [];
  let heard = (): void => undefined;
  const count = (what: keyof typeof times) => {
    times[what] += 1;
    heard();
  };
  const lookup: Lookup = {
    committed: () => (count('committed'), Promise.resolve(new Map([[0, world.committed]]))),
    holders: () => {
      count('holders');
      const { holders } = world;
      return holders instanceof Error
        ? Promise.reject(holders)
        : Promise.resolve(new Map(Object.entries(holders)));
    },
    withTemporal: (task) => {
      count('temporal');
      if (world.temporal) return Promise.reject(world.temporal);
      return task((id) => new Promise((resolve) => resolve(world.get(id))));
    },
  };
  const over = new AbortController();
  const waiting = createWaitingList(over.signal);
  for (const id of ['a', 'b']) waiting.expect(id);
  const tell = (sentence: string) => void told.push(sentence);
  const watch = watchDuplicates({ topic: TOPIC, waiting, lookup, tell, signal: over.signal, everyMs: 1 });
  closeAll.push(() => watch.close());
  watch.sent('a', 0, 5n);
  watch.sent('b', 0, 6n);
  return {
    times,
    told,
    waiting,
    until: async (what: () => boolean) => {
      while (!what()) await new Promise<void>((resolve) => (heard = resolve));
    },
    async firstEnd(): Promise<JobEnd> {
      for await (const end of waiting.ends()) return end;
      throw new Error('no end');
    },
  };
}

const ended = (id: string) => view(id, 'failed');
const away = new HeadwayError('HW_SERVER_UNREACHABLE', 'away');

test('the end of the job that has the id is told as that of a duplicate, once it has ended', async () => {
  const world: World = {
    committed: 6,
    holders: { a: EARLIER },
    get: (id) => view(id, 'in_progress'),
  };
  const { firstEnd, until, times } = watching(world);
  await until(() => times.temporal > 3);
  world.get = ended;
  expect(await firstEnd()).toMatchObject({ id: 'a', status: 'failed', duplicateOf: EARLIER });
  expect(times.holders).toBe(1);
});

test.each<[string, Partial<World>]>([
  ['the bridges have not come to it', { committed: 5 }],
  ['the database is away', { holders: new UnavailableError('away') }],
  ['Temporal is away', { temporal: away }],
  [
    'Temporal does not answer',
    {
      get() {
        throw away;
      },
    },
  ],
])('nothing is told while %s, and it is asked again', async (_, at) => {
  const world: World = { committed: 6, holders: { a: EARLIER }, get: ended, ...at };
  const { until, times, waiting, firstEnd, told } = watching(world);
  await until(() => times.committed > 8 || times.temporal > 8);
  expect(waiting.isExpected('a')).toBe(true);
  if (world.committed === 5) expect(times.holders).toBe(0);
  Object.assign(world, { committed: 6, holders: { a: EARLIER }, get: ended, temporal: undefined });
  expect(await firstEnd()).toMatchObject({ id: 'a', duplicateOf: EARLIER });
  expect(told).toEqual([]);
});

test.each<[string, Record<string, string>]>([
  ['its own record has the id', { a: 'q:0:5:1000' }],
  ['nobody has the id', {}],
])('whatever else Temporal knows under an id, it is no duplicate where %s', async (_, holders) => {
  const world: World = { committed: 6, holders, get: ended };
  const { until, times, waiting } = watching(world);
  await until(() => times.committed > 5);
  expect([waiting.isExpected('a'), times.holders, times.temporal]).toEqual([true, 1, 0]);
});

test.each<[string, Partial<JobView>]>([
  ['its result is of another record', { result: resultFrom('1') }],
  ['it came in at another time', { receivedAt: new Date(999).toISOString() }],
])('a job that had the id before its holder is not taken for it: %s', async (_, odd) => {
  const world: World = {
    committed: 6,
    holders: { a: EARLIER },
    get: (id) => view(id, 'completed', odd),
  };
  const { until, times, waiting, firstEnd } = watching(world);
  await until(() => times.temporal > 3);
  expect(waiting.isExpected('a')).toBe(true);
  world.get = (id) => view(id, 'completed', { result: resultFrom('2') });
  expect(await firstEnd()).toMatchObject({ id: 'a', duplicateOf: EARLIER });
});

test('a duplicate that nobody can tell about keeps no other waiting, and that is said once', async () => {
  const world: World = {
    committed: 9,
    holders: { a: EARLIER, b: 'http' },
    get(id) {
      if (id === 'a') throw new HeadwayError('HW_PAYLOAD_UNREADABLE', 'no key');
      return ended(id);
    },
  };
  const { firstEnd, until, times, told, waiting } = watching(world);
  expect(await firstEnd()).toMatchObject({ id: 'b', duplicateOf: 'http' });
  await until(() => times.temporal > 6);
  expect(told).toEqual([expect.stringMatching(/^job a is a duplicate, .*q:0:2:1000.*: no key$/)]);
  expect(waiting.isExpected('a')).toBe(true);
});

test('a ledger that cannot be read is told of once', async () => {
  const world: World = { committed: 9, holders: new Error('permission denied'), get: ended };
  const { until, times, told } = watching(world);
  await until(() => times.holders > 3);
  expect(told).toEqual([expect.stringMatching(/ledger.*permission denied$/)]);
});
