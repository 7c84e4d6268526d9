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
