import { TASK_MAX_BYTES, taskBudget } from '../../workflows/task-budget';

const KIB = 1024;

/** A budget, and how many bytes each workflow task got that it asked for. */
function counted() {
  const tasks = [0];
  const budget = taskBudget(() => {
    tasks.push(0);
    return Promise.resolve();
  });
  const add = (bytes: number) => {
    tasks[tasks.length - 1]! += bytes;
  };
  return {
    tasks,
    command: async (bytes: number) => {
      await budget.room(bytes);
      add(bytes);
    },
    localActivity: async (bytes: number) => {
      await budget.anyRoom();
      add(bytes);
      budget.spend(bytes);
    },
  };
}

it('what fits into one workflow task goes with it', async () => {
  const { tasks, command, localActivity } = counted();
  await Promise.all([command(600 * KIB), command(600 * KIB), localActivity(600 * KIB), command(200 * KIB)]);
  expect(tasks).toHaveLength(1);
});

it('what does not fit begins a new one, in order, and nothing is lost', async () => {
  const { tasks, command } = counted();
  await Promise.all(Array.from({ length: 33 }, () => command(210 * KIB)));
  expect(tasks).toEqual([9, 9, 9, 6].map((count) => count * 210 * KIB));
});

it('no workflow task gets more than the limit and one batch begun last', async () => {
  const { tasks, command, localActivity } = counted();
  const sizes = Array.from({ length: 300 }, (_, index) => ((index * 7919) % 1_000) * KIB);
  for (const [index, size] of sizes.entries()) await (index % 2 ? command(size) : localActivity(size));
  expect(tasks.reduce((sum, bytes) => sum + bytes)).toBe(sizes.reduce((sum, bytes) => sum + bytes));
  expect(Math.max(...tasks)).toBeLessThan(TASK_MAX_BYTES + 1_000 * KIB);
  expect(TASK_MAX_BYTES + 1_000 * KIB).toBeLessThan(4_000_000);
});

it('what is larger than a workflow task by itself has one of its own', async () => {
  const { tasks, command } = counted();
  for (const size of [20_000, 10, 20_000, 20_000]) await command(size * KIB);
  expect(tasks).toEqual([20_000, 10, 20_000, 20_000].map((size) => size * KIB));
});

it('one that is cancelled while it waits leaves the others theirs', async () => {
  let failures = 1;
  const budget = taskBudget(() =>
    failures-- > 0 ? Promise.reject(new Error('cancelled')) : Promise.resolve(),
  );
  await budget.room(TASK_MAX_BYTES);
  const [cancelled, other] = await Promise.allSettled([budget.room(1), budget.room(1)]);
  expect([cancelled?.status, other?.status]).toEqual(['rejected', 'fulfilled']);
  expect(failures).toBe(-1);
});
