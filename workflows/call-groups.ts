import { patched } from '@temporalio/workflow';
import { DEFAULT_PRIORITY, taskPriority, type TaskPriority } from '../contracts/task-priority';
import type { PackJob } from '../contracts/pack';
import type { Pack } from './pack';

/** Each group costs activities of its own, so there are only so many in a pack. */
export const GROUPS_MAX = 8;

export interface CallGroup {
  priority: TaskPriority;
  /** Places of its jobs in the pack. */
  indexes: number[];
}

/** LLM calls that may share activities: those of one tenant and one priority. */
export function callGroups(pack: Pack, indexes: number[]): CallGroup[] {
  const groups = groupCalls(indexes, (index) => pack.job(index).job);
  // A pack that was begun without groups has none in its history.
  return groups.length > 1 && !patched('call-groups')
    ? [whole(indexes, (index) => pack.job(index).job)]
    : groups;
}

/** The most urgent first. Those beyond `GROUPS_MAX` share the last group. */
export function groupCalls(indexes: number[], jobAt: (index: number) => PackJob): CallGroup[] {
  const byKey = new Map<string, number[]>();
  for (const index of indexes) {
    const { tenant, priority = DEFAULT_PRIORITY } = jobAt(index);
    const key = JSON.stringify([priority, tenant]);
    byKey.set(key, [...(byKey.get(key) ?? []), index]);
  }
  const groups = [...byKey.values()]
    .map((group) => whole(group, jobAt))
    .sort((a, b) => a.priority.priorityKey - b.priority.priorityKey);
  if (groups.length <= GROUPS_MAX) return groups;
  const rest = groups.slice(GROUPS_MAX - 1).flatMap((group) => group.indexes);
  return [...groups.slice(0, GROUPS_MAX - 1), whole(rest, jobAt)];
}

function whole(indexes: number[], jobAt: (index: number) => PackJob): CallGroup {
  return { priority: taskPriority(indexes.map(jobAt)), indexes };
}
