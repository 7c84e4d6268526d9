import type { TaskPriority } from '../../contracts/task-priority';
import { createFairLimit } from '../../runtime/fair-limit';

/** Lets tasks in and out one by one, and notes the order in which they were let in. */
function oneAtATime() {
  const limit = createFairLimit(1);
  const order: string[] = [];
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const tasks: Promise<void>[] = [limit(undefined, () => gate)];
  return {
    add(name: string, turn?: TaskPriority) {
      tasks.push(limit(turn, () => Promise.resolve(void order.push(name))));
    },
    async order() {
      open();
      await Promise.all(tasks);
      return order.join(' ');
    },
  };
}

const of = (fairnessKey: string, priorityKey = 3): TaskPriority => ({ fairnessKey, priorityKey });

it('a flood of one tenant holds up the task of another by one', async () => {
  const limit = oneAtATime();
  for (const name of ['a1', 'a2', 'a3', 'a4']) limit.add(name, of('a'));
  limit.add('b1', of('b'));
  expect(await limit.order()).toBe('a1 b1 a2 a3 a4');
});

it('tenants take turns, however many tasks each of them has', async () => {
  const limit = oneAtATime();
  for (const name of ['a1', 'a2', 'a3']) limit.add(name, of('a'));
  for (const name of ['b1', 'b2']) limit.add(name, of('b'));
  limit.add('none1');
  expect(await limit.order()).toBe('a1 b1 none1 a2 b2 a3');
});

it('the most urgent go first, whosever they are', async () => {
  const limit = oneAtATime();
  limit.add('late', of('b', 5));
  for (const name of ['a1', 'a2']) limit.add(name, of('a'));
  limit.add('urgent', of('a', 1));
  limit.add('ordinary');
  expect(await limit.order()).toBe('urgent a1 ordinary a2 late');
});

it('at most so many run at a time, and a task that fails gives its place on', async () => {
  const limit = createFairLimit(2);
  let running = 0;
  let most = 0;
  const task = async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    throw new Error('failed');
  };
  const tasks = Array.from({ length: 7 }, (_, index) => limit(of(String(index % 3)), task));
  const ends = await Promise.allSettled(tasks);
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(most).toBe(2);
  await expect(limit(undefined, () => Promise.resolve('ok'))).resolves.toBe('ok');
});

it('a task that is given up leaves the queue: it never begins, and the places go to the others', async () => {
  const limit = createFairLimit(1);
  let open = () => {};
  const first = limit(undefined, () => new Promise<void>((resolve) => (open = resolve)));
  const given = new AbortController();
  const began: string[] = [];
  const task = (name: string) => () => Promise.resolve(void began.push(name));
  const gone = [of('a'), of('a'), of('b', 1)].map((turn) => limit(turn, task('gone'), given.signal));
  const stays = limit(of('a'), task('stays'), new AbortController().signal);
  given.abort(new Error('given up'));
  // While the place is still taken.
  expect(await Promise.allSettled(gone)).toEqual(
    gone.map(() => ({ status: 'rejected', reason: new Error('given up') })),
  );
  open();
  await Promise.all([first, stays]);
  expect(began).toEqual(['stays']);
  await expect(limit(undefined, task('late'), given.signal)).rejects.toThrow('given up');
  await limit(of('b', 1), task('after'));
  expect(began).toEqual(['stays', 'after']);
});

it('a task that has begun keeps its place when it is given up, and takes its listener off the signal', async () => {
  const limit = createFairLimit(1);
  const given = new AbortController();
  const removed = jest.spyOn(given.signal, 'removeEventListener');
  let end = () => {};
  const first = limit(undefined, () => Promise.resolve());
  const second = limit(undefined, () => new Promise<void>((resolve) => (end = resolve)), given.signal);
  await first;
  await new Promise(setImmediate);
  expect(removed).toHaveBeenCalledTimes(1);
  given.abort(new Error('given up'));
  const began: string[] = [];
  const third = limit(undefined, () => Promise.resolve(void began.push('third')));
  await new Promise(setImmediate);
  expect(began).toEqual([]);
  end();
  await Promise.all([second, third]);
  expect(began).toEqual(['third']);
});
