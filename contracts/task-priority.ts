/** Where tasks stand in Temporal's task queues, in the form its SDK takes. https://docs.temporal.io/develop/task-queue-priority-fairness */
export interface TaskPriority {
  /** 1 is served first, 5 last. */
  priorityKey: number;
  /** Those with one key get the same share of a queue as those with another. Absent: that of all who have none. */
  fairnessKey?: string;
}

/** Of a job that says nothing; also what Temporal takes for a task without one. */
export const DEFAULT_PRIORITY = 3;

/** The server refuses longer ones. */
const FAIRNESS_KEY_MAX_BYTES = 64;

/**
 * The place of tasks that these jobs share: that of the most urgent one, in the share of their tenant. Jobs of several tenants share what is
 * left to those without: any one of the tenants would pay for all others.
 */
export function taskPriority(jobs: { tenant?: string; priority?: number }[]): TaskPriority {
  const priorityKey = Math.min(...jobs.map(({ priority = DEFAULT_PRIORITY }) => priority));
  const [first] = jobs;
  if (first?.tenant === undefined || jobs.some(({ tenant }) => tenant !== first.tenant))
    return { priorityKey };
  return { priorityKey, fairnessKey: fairnessKey(first.tenant) };
}

const utf8 = new TextEncoder();

/** A tenant may have 64 characters, which may be more bytes than a key: then its beginning, and a hash to tell it from others. */
function fairnessKey(tenant: string): string {
  if (utf8.encode(tenant).length <= FAIRNESS_KEY_MAX_BYTES) return tenant;
  const suffix = `~${hash(tenant).toString(16).padStart(8, '0')}`;
  const characters = [...tenant];
  while (utf8.encode(characters.join('')).length + suffix.length > FAIRNESS_KEY_MAX_BYTES) characters.pop();
  return characters.join('') + suffix;
}

/** FNV-1a of 32 bits: workflow code has no Node.js to ask. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of utf8.encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
