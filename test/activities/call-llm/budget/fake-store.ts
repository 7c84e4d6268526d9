import type {
  Amount,
  BudgetStore,
  LeaseRequest,
  Limits,
  Waiting,
} from '../../../../activities/call-llm/budget/budget-store';

/** A budget in memory by the clock of the test, for several processes. */
export class FakeStore {
  away = false;
  /** Leases are carried out, and nobody is told. */
  silent = false;
  limits: Limits = {};
  left: Amount = { requests: 0, tokens: 0 };
  pausedUntil = 0;
  readonly totals = { used: 0, most: 0 };
  readonly leases: (LeaseRequest & { process: string })[] = [];
  private at = Date.now();
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly burstSeconds = 5) {}

  for(process: string): BudgetStore {
    const answer = <T>(value: () => T): Promise<T> =>
      this.away ? Promise.reject(new Error('the database is away')) : Promise.resolve().then(value);
    return {
      lease: (_budget, request) =>
        answer(() => {
          const lease = this.lease(process, request);
          if (this.silent) throw new Error('no answer');
          return lease;
        }),
      meet: (_budget, waiting) =>
        answer(() => {
          this.waiting.set(process, waiting);
          return [...this.waiting].filter(([other]) => other !== process).map(([, one]) => one);
        }),
      learn: (_budget, limits) => answer(() => void Object.assign(this.limits, limits)),
      pause: (_budget, ms) => answer(() => void (this.pausedUntil = Date.now() + ms)),
      leave: () => answer(() => void this.waiting.delete(process)),
    };
  }

  private lease(process: string, request: LeaseRequest) {
    this.leases.push({ ...request, process });
    const { want, share, entitled, giveBack, configured, remaining = {} } = request;
    const limits = { ...this.limits, ...configured };
    const known = limits.requests !== undefined || limits.tokens !== undefined;
    const pausedMs = Math.max(0, this.pausedUntil - Date.now());
    if (!known && pausedMs === 0) return undefined;
    this.totals.used += request.done.used;
    this.totals.most += request.done.most;
    const granted = { requests: 0, tokens: 0 };
    const elapsedMs = Date.now() - this.at;
    this.at = Date.now();
    for (const unit of ['requests', 'tokens'] as const) {
      const perMs = (limits[unit] ?? 1e12) / 60_000;
      const capacity = Math.max(1, perMs * 1_000 * this.burstSeconds);
      const refilled = this.left[unit] + giveBack[unit] + perMs * elapsedMs;
      this.left[unit] = Math.min(capacity, refilled, remaining[unit] ?? Infinity);
      const most = Math.max(this.left[unit] * share, Math.min(this.left[unit], entitled[unit]));
      granted[unit] = pausedMs > 0 ? 0 : Math.max(0, Math.min(want[unit], most));
      this.left[unit] -= granted[unit];
    }
    return { granted, limits, pausedMs, totals: { ...this.totals } };
  }
}
