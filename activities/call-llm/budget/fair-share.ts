import type { Waiting } from './budget-store';

/** Where nothing waits here and something does elsewhere, what this process may take ahead of its needs. */
const AHEAD_SHARE = 0.1;

/**
 * What one process may take of a budget, 0 to 1. Every tenant that waits anywhere has the same part of it, and this process has of each
 * tenant's part as much as of its waiting calls.
 */
export function fairShare(own: Waiting, others: Waiting[]): number {
  const all = [own, ...others];
  const tenants = new Set(
    all.flatMap((waiting) => Object.keys(waiting).filter((key) => at(waiting, key) > 0)),
  );
  if (tenants.size === 0) return 1;
  if (!Object.keys(own).some((key) => at(own, key) > 0)) return AHEAD_SHARE;
  let share = 0;
  for (const tenant of tenants) {
    const waiting = all.reduce((sum, one) => sum + at(one, tenant), 0);
    share += at(own, tenant) / waiting / tenants.size;
  }
  return share;
}

function at(waiting: Waiting, tenant: string): number {
  return Object.hasOwn(waiting, tenant) ? waiting[tenant]! : 0;
}
