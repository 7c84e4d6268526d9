import type { AuditReport } from '../../../cli/audit/report';
import type { ChainReport } from './judge-chain';

/**
 * One audit for several queue topics that had the same name one after the other, the present one last. Ranges, and results that belong to
 * no record, are those of the present one: to it the results of all others are without a record.
 */
export function addAudits(reports: readonly AuditReport[]): AuditReport {
  const present = reports.at(-1);
  if (!present) throw new Error('There is no audit to add up');
  const of = <Key extends keyof AuditReport>(key: Key) => reports.map((report) => report[key]);
  const counted = of('llmCalls').filter((calls) => calls !== null);
  const examples = of('examples');
  return {
    ...present,
    ok: reports.every(({ ok }) => ok),
    startedAt: of('startedAt')[0] ?? present.startedAt,
    tookMs: of('tookMs').reduce((sum, one) => sum + one, 0),
    records: addCounts(of('records')),
    longestRunningMs: longest(of('longestRunningMs')),
    longestWaitingMs: longest(of('longestWaitingMs')),
    results: { ...addCounts(of('results')), withoutRecord: present.results.withoutRecord },
    llmCalls: counted.length > 0 ? addCounts(counted) : null,
    examples: {
      lost: examples.flatMap(({ lost }) => lost),
      differentResults: examples.flatMap(({ differentResults }) => differentResults),
      otherIds: examples.flatMap(({ otherIds }) => otherIds),
      jobIdsDoneTwice: examples.flatMap(({ jobIdsDoneTwice }) => jobIdsDoneTwice),
      running: examples.flatMap(({ running }) => running),
      waiting: examples.flatMap(({ waiting }) => waiting),
      duplicateLlmCalls: examples.flatMap(({ duplicateLlmCalls }) => duplicateLlmCalls),
    },
    warnings: [...new Set(of('warnings').flat())],
  };
}

/** One chain for several topics. Each report has judged the same packs, by the records of another topic. */
export function addChains(reports: readonly ChainReport[]): ChainReport {
  const counts = reports.map(({ records, inPacks, deadLettered, duplicates, missing }) => {
    return { records, inPacks, deadLettered, duplicates, missing };
  });
  return {
    packs: Math.max(0, ...reports.map(({ packs }) => packs)),
    ...addCounts(counts),
    problems: [...new Set(reports.flatMap(({ problems }) => problems))],
  };
}

function addCounts<Counts extends Record<string, number>>(all: readonly Counts[]): Counts {
  const names = Object.keys(all[0] ?? {});
  const sums = names.map((name) => [name, all.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)]);
  return Object.fromEntries(sums) as Counts;
}

function longest(durations: readonly (number | null)[]): number | null {
  const known = durations.filter((duration) => duration !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
