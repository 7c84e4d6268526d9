import type { Evidence } from './account';

/** Of every job in order of sending, milliseconds; -1 where it was not over. */
export interface EachJob {
  queueMs: number[];
  latencyMs: number[];
}

/** The times that the quantiles are made of, for plots. */
export function eachJob({ sent, calls, results }: Evidence): EachJob {
  const earliest = (times: { id: string; at: number }[]) => {
    const first = new Map<string, number>();
    for (const { id, at } of times) first.set(id, Math.min(at, first.get(id) ?? Infinity));
    return (id: string, from: number) => {
      const at = first.get(id);
      return at === undefined ? -1 : Math.round(at - from);
    };
  };
  const began = earliest(
    calls.filter(({ what }) => what === 'accepted').map(({ job, at }) => ({ id: job, at })),
  );
  const done = earliest(results);
  const jobs = sent.filter(({ poison }) => !poison);
  return {
    queueMs: jobs.map(({ id, sentAt }) => began(id, sentAt)),
    latencyMs: jobs.map(({ id, sentAt }) => done(id, sentAt)),
  };
}
