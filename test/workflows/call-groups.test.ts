import type { PackJob } from '../../contracts/pack';
import { groupCalls, GROUPS_MAX } from '../../workflows/call-groups';

const groupsOf = (...jobs: Partial<PackJob>[]) =>
  groupCalls([...jobs.keys()], (index) => jobs[index] as PackJob).map(({ priority, indexes }) => ({
    ...priority,
    indexes: indexes.join(),
  }));

it('jobs of one tenant that say nothing of priority are one group, as are those of none', () => {
  expect(groupsOf({ tenant: 'a' }, { tenant: 'a' })).toEqual([
    { priorityKey: 3, fairnessKey: 'a', indexes: '0,1' },
  ]);
  expect(groupsOf({}, { priority: 3 })).toEqual([{ priorityKey: 3, indexes: '0,1' }]);
});

it('each tenant and each priority has a group, the most urgent first', () => {
  expect(
    groupsOf({ tenant: 'a' }, { tenant: 'b' }, { tenant: 'a', priority: 1 }, {}, { tenant: 'a' }),
  ).toEqual([
    { priorityKey: 1, fairnessKey: 'a', indexes: '2' },
    { priorityKey: 3, fairnessKey: 'a', indexes: '0,4' },
    { priorityKey: 3, fairnessKey: 'b', indexes: '1' },
    { priorityKey: 3, indexes: '3' },
  ]);
});

it('the groups beyond the bound share one, which is nobody’s, and no job is forgotten', () => {
  const jobs = Array.from({ length: 50 }, (_, index) => ({ tenant: `t${index}`, priority: 1 + (index % 5) }));
  const groups = groupsOf(...jobs);
  expect(groups).toHaveLength(GROUPS_MAX);
  expect(groups.at(-1)).toMatchObject({ priorityKey: 1 });
  expect(groups.at(-1)).not.toHaveProperty('fairnessKey');
  const indexes = groups.flatMap((group) => group.indexes.split(',').map(Number));
  expect(indexes.sort((a, b) => a - b)).toEqual([...jobs.keys()]);
});
