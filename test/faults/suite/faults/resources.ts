/** What a fault changes, or has to be in order for it to strike. */
export type Resource = 'bridges' | 'workers' | 'kafka' | 'temporal' | 'postgres' | 'llm';

/** The way from the queue topic into a workflow; the database, for the ledger of job ids. */
export const handOver: readonly Resource[] = ['bridges', 'kafka', 'temporal', 'postgres'];
/** The way of a job from its workflow to its result. */
export const work: readonly Resource[] = ['workers', 'kafka', 'temporal', 'postgres', 'llm'];
export const servers: readonly Resource[] = ['kafka', 'temporal', 'postgres', 'llm'];
export const everything: readonly Resource[] = ['bridges', 'workers', ...servers];

export function canBeTogether(
  one: { needs: readonly Resource[] },
  other: { needs: readonly Resource[] },
): boolean {
  return !one.needs.some((resource) => other.needs.includes(resource));
}
