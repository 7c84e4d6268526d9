import type { AuditReport } from '../../../cli/audit/report';
import type { CalledJob } from './judge-jobs';
import type { ChainReport } from './chain-check';
import type { Latency } from './latency';
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
  /** Of jobs produced when all the others were done and nothing struck any more. Undefined where they were never all done. */
  latencyAfter: Latency | undefined;
}

export interface RunReport {
  seed: number;
  brokers: number;
  /** Before the first fault. */
  latencyAtFirst: Latency;
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
  /** The jobs that had them, in the order in which they were produced. */
  jobsCalledAgain: CalledJob[];
  /** A line for each job with more of them than faults in its life can have interrupted. */
  unexplainedLlmCalls: string[];
  watermark: WatermarkReport;
  chain: ChainReport;
  replay: ReplayReport;
  audit: AuditReport;
  /** Workflows that did not move for a while, a line each; explained waiting among them. */
  stuck: string[];
  /** Those of them that did not move without a reason, even while no fault struck. */
  stuckInCalm: string[];
  /** Ids of workflows that were still open when everything should have been done. */
  openWorkflows: string[];
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
      one.latencyAfter ? inSeconds(one.latencyAfter) : 'never calm',
    ]),
  );
  const { watermark, chain, replay, audit } = report;
  const { records } = audit;
  return [
    `Seed ${report.seed}, ${report.brokers} broker(s), ${report.seconds} s.`,
    '',
    row([
      'faults',
      'seconds',
      'jobs',
      'lost',
      'doubled',
      'failed',
      'excused',
      'longest stall, s',
      'latency afterwards, s',
    ]),
    row(['---', '--:', '--:', '--:', '--:', '---', '---', '--:', '--:']),
    ...rows,
    '',
    `Latency of a job before the first fault, median and 90 %: ${inSeconds(report.latencyAtFirst)} s.`,
    `${report.jobs} jobs: ${report.completed} completed, ${report.failed} failed as they should; ${report.poison} records were no job. ` +
      `${report.repeatedRecords} result records written twice with the same bytes. ` +
      `${report.repeatedLlmCalls} LLM calls repeated, those of ${report.unexplainedLlmCalls.length} jobs without a reason. ${report.restarts} restarts of bridges and workers.`,
    `Committed offsets checked ${watermark.checks} times, ${watermark.recordsVerified} records: ${watermark.violations.length} too early. ` +
      `${watermark.unverified} could not be checked. ` +
      `${chain.packs} packs: ${chain.problems.length} records not in exactly one. ` +
      `${replay.replayed} histories replayed: ${replay.problems.length} do not fit the code.`,
    `Audit: ${records.received} records, ${records.lost} lost, ${records.running} running, ${records.duplicate} duplicates; ` +
      `${audit.results.jobsWithDifferentResults} jobs with different results. ${report.stuck.length} workflows stood still for a while. Processes that ended by themselves: ${report.unexpectedExits.length}.`,
    '',
    ...strikeTable(report.strikes),
  ].join('\n');
}

/** How often each kind struck, and what was seen the last time; and each strike that was none. */
function strikeTable(strikes: readonly Strike[]): string[] {
  const kinds = [...new Set(strikes.map(({ fault }) => fault))].sort();
  const struck = (kind: string) =>
    strikes.filter(({ fault, outcome }) => fault === kind && outcome === 'struck');
  return [
    row(['fault', 'strikes', 'seen the last time']),
    row(['---', '--:', '---']),
    ...kinds.map((kind) => row([kind, struck(kind).length, struck(kind).at(-1)?.effect ?? ''])),
    '',
    ...strikes
      .filter(({ outcome }) => outcome !== 'struck')
      .map(({ fault, outcome, effect }) => `- ${fault} ${outcome}: ${effect}`),
  ];
}

function inSeconds({ medianMs, p90Ms }: Latency): string {
  return [medianMs, p90Ms].map((ms) => (ms / 1_000).toFixed(1)).join(', ');
}

function failures(counts: Record<string, number>): string {
  const entries = Object.entries(counts).map(([code, count]) => `${count} ${code}`);
  return entries.length > 0 ? entries.join(', ') : '0';
}

function row(cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
