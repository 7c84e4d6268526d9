import type { AuditReport } from '../../../cli/audit/report';
import type { ChainReport } from './chain-check';
import type { ReplayReport } from './replay-check';
import type { Strike } from './schedule';
import type { WatermarkReport } from './watermark-monitor';

/** What happened to the jobs sent while one fault, or the mix, went on. */
export interface Segment {
  faults: string;
  seconds: number;
  jobs: number;
  lost: number;
  /** Jobs whose results differ from each other. */
  doubled: number;
  /** Jobs that ended otherwise than completed though neither they nor the faults are a reason to, by status or error code. */
  failed: Record<string, number>;
  /** Jobs that failed as a fault in their life made them, by error code and fault. */
  excused: Record<string, number>;
  longestStallSeconds: number;
}

export interface RunReport {
  seed: number;
  brokers: number;
  segments: Segment[];
  /** Every strike, in the order in which they began. */
  strikes: Strike[];
  seconds: number;
  jobs: number;
  poison: number;
  completed: number;
  failed: number;
  /** Result records beyond the first, with the same bytes. */
  repeatedRecords: number;
  /** LLM calls that no result knows of: their attempt was interrupted. */
  repeatedLlmCalls: number;
  /** A line for each job with more of them than faults in its life can have interrupted. */
  unexplainedLlmCalls: string[];
  watermark: WatermarkReport;
  chain: ChainReport;
  replay: ReplayReport;
  audit: AuditReport;
  /** Workflows that did not move for a while, a line each; explained waiting among them. */
  stuck: string[];
  unexpectedExits: string[];
  restarts: number;
  /** One sentence for each promise that was broken. */
  broken: string[];
}

/** The tables of docs/reliability.md. */
export function toMarkdown(report: RunReport): string {
  const rows = report.segments.map((one) =>
    row([
      one.faults,
      one.seconds,
      one.jobs,
      one.lost,
      one.doubled,
      failures(one.failed),
      failures(one.excused),
      one.longestStallSeconds,
    ]),
  );
  const { watermark, chain, replay, audit } = report;
  const { records } = audit;
  return [
    `Seed ${report.seed}, ${report.brokers} broker(s), ${report.seconds} s.`,
    '',
    row(['faults', 'seconds', 'jobs', 'lost', 'doubled', 'failed', 'excused', 'longest stall, s']),
    row(['---', '--:', '--:', '--:', '--:', '---', '---', '--:']),
    ...rows,
    '',
    `${report.jobs} jobs: ${report.completed} completed, ${report.failed} failed as they should; ${report.poison} records were no job. ` +
      `${report.repeatedRecords} result records written twice with the same bytes. ` +
      `${report.repeatedLlmCalls} LLM calls repeated, those of ${report.unexplainedLlmCalls.length} jobs without a reason. ${report.restarts} restarts of bridges and workers.`,
    `Committed offsets checked ${watermark.checks} times, ${watermark.recordsVerified} records: ${watermark.violations.length} too early. ` +
      `${watermark.unverified} could not be checked. ` +
      `${chain.packs} packs: ${chain.problems.length} records not in exactly one. ` +
      `${replay.replayed} histories replayed: ${replay.problems.length} do not fit the code.`,
    `Audit: ${records.received} records, ${records.lost} lost, ${records.running} running, ${records.duplicate} duplicates; ` +
      `${audit.results.jobsWithDifferentResults} jobs with different results. ${report.stuck.length} workflows stood still for a while. Processes that ended by themselves: ${report.unexpectedExits.length}.`,
  ].join('\n');
}

/** One sentence for each promise that was broken. `missing`: ids of jobs without a result. */
export function brokenPromises(report: RunReport, missing: string[]): string[] {
  const doubled = report.segments.reduce((sum, { doubled }) => sum + doubled, 0);
  const { violations } = report.watermark;
  const innocent = report.segments.flatMap(({ faults, failed }) =>
    Object.entries(failed).map(([code, count]) => `${faults}: ${count} ${code}`),
  );
  const sentences: [number, string][] = [
    [missing.length, `jobs without a result: ${missing.slice(0, 10).join(', ')}`],
    [doubled, 'jobs with results that differ'],
    [innocent.length, `kinds of failures of jobs that nothing was wrong with: ${innocent.join('; ')}`],
    [
      report.unexplainedLlmCalls.length,
      `jobs with LLM calls repeated that nothing interrupted: ${report.unexplainedLlmCalls.slice(0, 5).join('; ')}`,
    ],
    [
      report.watermark.unverified,
      `records behind a commit that could not be checked: ${report.watermark.trouble}`,
    ],
    [violations.length, `offsets committed too early: ${JSON.stringify(violations.slice(0, 5))}`],
    [
      report.chain.problems.length,
      `records not in one pack: ${report.chain.problems.slice(0, 5).join('; ')}`,
    ],
    [
      report.replay.problems.length,
      `workflows that do not replay: ${report.replay.problems.slice(0, 3).join('; ')}`,
    ],
    [report.audit.ok ? 0 : 1, `audit that is not content: ${JSON.stringify(report.audit)}`],
    [
      report.unexpectedExits.length,
      `processes ended by themselves: ${report.unexpectedExits.slice(0, 3).join('; ')}`,
    ],
  ];
  return sentences.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
}

function failures(counts: Record<string, number>): string {
  const entries = Object.entries(counts).map(([code, count]) => `${count} ${code}`);
  return entries.length > 0 ? entries.join(', ') : '0';
}

function row(cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
