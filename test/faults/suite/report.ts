import type { RunReport } from './run';

/** The tables of docs/reliability.md. */
export function toMarkdown(report: RunReport): string {
  const rows = report.segments.map(({ faults, seconds, jobs, lost, doubled, failed, longestStallSeconds }) =>
    row([faults, seconds, jobs, lost, doubled, failures(failed), longestStallSeconds]),
  );
  const { watermark, chain, replay, audit } = report;
  const { records } = audit;
  return [
    `Seed ${report.seed}, ${report.brokers} broker(s), ${report.seconds} s.`,
    '',
    row(['faults', 'seconds', 'jobs', 'lost', 'doubled', 'failed', 'longest stall, s']),
    row(['---', '--:', '--:', '--:', '--:', '---', '--:']),
    ...rows,
    '',
    `${report.jobs} jobs: ${report.completed} completed, ${report.failed} failed as they should; ${report.poison} records were no job. ` +
      `${report.repeatedRecords} result records written twice with the same bytes. ` +
      `${report.repeatedLlmCalls} LLM calls repeated. ${report.restarts} restarts of bridges and workers.`,
    `Committed offsets checked ${watermark.checks} times, ${watermark.recordsVerified} records: ${watermark.violations.length} too early. ` +
      `${watermark.unverified} could not be checked. ` +
      `${chain.packs} packs: ${chain.problems.length} records not in exactly one. ` +
      `${replay.replayed} histories replayed: ${replay.problems.length} do not fit the code.`,
    `Audit: ${records.received} records, ${records.lost} lost, ${records.running} running, ${records.duplicate} duplicates; ` +
      `${audit.results.jobsWithDifferentResults} jobs with different results. ${report.stuck.length} workflows stood still for a while. Processes that ended by themselves: ${report.unexpectedExits.length}.`,
  ].join('\n');
}

function failures(counts: Record<string, number>): string {
  const entries = Object.entries(counts).map(([code, count]) => `${count} ${code}`);
  return entries.length > 0 ? entries.join(', ') : '0';
}

function row(cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
