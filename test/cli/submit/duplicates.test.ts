import { watchDuplicates, type Lookup } from '../../../cli/submit/duplicates';
import type { JobEnd } from '../../../cli/submit/door';
import { createWaitingList } from '../../../cli/submit/waiting-list';
import type { JobView } from '../../../contracts/job-view';
import type { PackJob } from '../../../contracts/pack';

const TOPIC = 'q';
const heldBy = (offset: number, id = 'a') =>
  ({
    id,
    source: { door: 'kafka', topic: TOPIC, partition: 0, offset: String(offset), timestamp: 1 },
  }) as PackJob;

interface World {
  committed: number;
  /** Throws what is an error. */
  held: PackJob[] | Error;
  status: JobView['status'];
}

/** Job a was sent as record 5. `rounds` says how often something was asked. */
function watching(world: World) {
  const rounds = { committed: 0, temporal: 0, asked: 0 };
  let heard = (): void => undefined;
  const count = (what: keyof typeof rounds) => {
    rounds[what] += 1;
    heard();
  };
  const lookup: Lookup = {
    committed: () => (count('committed'), Promise.resolve(new Map([[0, world.committed]]))),
    withTemporal: (task) => {
      count('temporal');
      if (world.held instanceof Error) return Promise.reject(world.held);
      const { held, status } = world;
      return task({
        jobsBeside: () => (count('asked'), Promise.resolve(held)),
        get: (id) => Promise.resolve({ id, status } as JobView),
      });
    },
  };
  const over = new AbortController();
  const waiting = createWaitingList(over.signal);
  for (const id of ['a', 'b']) waiting.expect(id);
  const watch = watchDuplicates({ topic: TOPIC, waiting, lookup, signal: over.signal, everyMs: 1 });
  watch.sent('a', 0, 5n);
  return {
    rounds,
    waiting,
    watch,
    until: async (what: () => boolean) => {
      while (!what()) await new Promise<void>((resolve) => (heard = resolve));
    },
    async firstEnd(): Promise<JobEnd> {
      for await (const end of waiting.ends()) return end;
      throw new Error('no end');
    },
  };
}

test('the end of the job that has the id is told as that of a duplicate, once it has ended', async () => {
  const world: World = { committed: 6, held: [heldBy(2)], status: 'in_progress' };
  const { firstEnd, until, rounds, watch } = watching(world);
  await until(() => rounds.temporal > 6);
  world.status = 'failed';
  expect(await firstEnd()).toMatchObject({ id: 'a', status: 'failed', duplicateOf: 'q:0:2:1' });
  await watch.close();
});

test.each<[string, Partial<World>]>([
  ['the bridges have not come to it', { committed: 5 }],
  ['nobody knows the id yet', { held: [] }],
  ['Temporal is away', { held: new Error('away') }],
])('nothing is told while %s, and it is asked again', async (_, at) => {
  const world: World = { committed: 6, held: [heldBy(2)], status: 'completed', ...at };
  const { until, rounds, waiting, watch, firstEnd } = watching(world);
  await until(() => rounds.committed > 8);
  expect(waiting.isExpected('a')).toBe(true);
  if (world.committed === 5) expect(rounds.temporal).toBe(0);
  Object.assign(world, { committed: 6, held: [heldBy(2)] });
  expect(await firstEnd()).toMatchObject({ id: 'a', duplicateOf: 'q:0:2:1' });
  await watch.close();
});

test('a job that a workflow holds is no duplicate, whoever had its id before, and one answer is enough for its whole pack', async () => {
  const { until, rounds, waiting, watch } = watching({
    committed: 9,
    held: [heldBy(2), heldBy(5), heldBy(6, 'b')],
    status: 'completed',
  });
  watch.sent('b', 0, 6n);
  // Nobody has come to this one: as long as it is waited for, there are rounds.
  waiting.expect('c');
  watch.sent('c', 0, 100n);
  await until(() => rounds.asked > 0);
  const { committed } = rounds;
  await until(() => rounds.committed > committed + 5);
  await watch.close();
  expect([waiting.isExpected('a'), waiting.isExpected('b'), rounds.asked]).toEqual([true, true, 1]);
});

test('one look is not enough: what was started just now may not be known yet', async () => {
  const world: World = { committed: 6, held: [heldBy(2)], status: 'completed' };
  const { until, rounds, waiting, watch } = watching(world);
  await until(() => rounds.asked === 1);
  world.held = [heldBy(2), heldBy(5)];
  await until(() => rounds.asked === 2);
  await watch.close();
  expect(waiting.isExpected('a')).toBe(true);
});
