import { taskPriority } from '../../contracts/task-priority';

it('jobs that say nothing have the priority in the middle, and share with all others of no tenant', () => {
  expect(taskPriority([{}, {}])).toEqual({ priorityKey: 3 });
});

it('several jobs are as urgent as the most urgent one', () => {
  expect(taskPriority([{ priority: 4 }, { priority: 2 }, {}]).priorityKey).toBe(2);
  expect(taskPriority([{ priority: 5 }, {}]).priorityKey).toBe(3);
});

it('jobs of one tenant have its share, those of several nobody’s', () => {
  expect(taskPriority([{ tenant: 'a' }, { tenant: 'a' }]).fairnessKey).toBe('a');
  expect(taskPriority([{ tenant: 'a' }, { tenant: 'b' }]).fairnessKey).toBeUndefined();
  expect(taskPriority([{ tenant: 'a' }, {}]).fairnessKey).toBeUndefined();
});

it.each(['€'.repeat(64), '🚀'.repeat(32), 'ü'.repeat(33)])(
  'the key of a long tenant is short enough for the server, and its own: %s',
  (tenant) => {
    const { fairnessKey = '' } = taskPriority([{ tenant }]);
    expect(Buffer.byteLength(fairnessKey)).toBeLessThanOrEqual(64);
    expect(fairnessKey.isWellFormed()).toBe(true);
    expect(taskPriority([{ tenant }]).fairnessKey).toBe(fairnessKey);
    expect(taskPriority([{ tenant: `${tenant.slice(0, -2)}x` }]).fairnessKey).not.toBe(fairnessKey);
  },
);
