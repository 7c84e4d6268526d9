import type { JobResult } from '../contracts/job-result';
import type { LlmChoice } from './choose-llm';
import type { WorkflowCounts } from './count-workflows';
import { isJob, type DemoRecord } from './demo-records';
import { counted, duration, peakOverlap, percentile } from './statistics';
import type { Verdict } from './verdict';

export interface SummaryOptions {
  verdict: Verdict;
  records: readonly DemoRecord[];
  results: readonly JobResult[];
  deadLetters: number;
  /** Undefined when Temporal did not say. */
  workflows?: WorkflowCounts;
  elapsedMs: number;
  temporalUi: string;
  llm: LlmChoice;
}

/** What the demo ends with. */
export function describeSummary(options: SummaryOptions): string {
  const { verdict, records, results, deadLetters, workflows, elapsedMs, llm } = options;
  const jobs = records.filter(isJob).length;
  const others = records.length - jobs;
  const latencies = results.map(({ timings }) => timings.totalMs);
  const llmMs = results.reduce((sum, { timings }) => sum + timings.llmMs, 0);
  const spans = results.map(({ timings }) => ({
    from: Date.parse(timings.startedAt),
    to: Date.parse(timings.completedAt),
  }));
  const besides =
    others === 1 ? ', and 1 record that is not a job' : `, and ${others} records that are not jobs`;
  const rows: [string, string][] = [
    ['Jobs in', `${jobs}${others > 0 ? besides : ''}`],
    ['Results out', `${results.length}${byStatus(results)}`],
    ['Lost', String(verdict.lost.length)],
    ['Duplicated', describeDuplicates(verdict)],
    ['Dead letters', String(deadLetters)],
    ['Peak in flight', `${counted(peakOverlap(spans), 'job')} at the same time`],
    [
      'Workflows',
      workflows === undefined ? 'unknown: Temporal did not answer' : describeWorkflows(workflows),
    ],
    [
      'Latency',
      `p50 ${shown(percentile(latencies, 0.5))}, p99 ${shown(percentile(latencies, 0.99))}, from record to result`,
    ],
    [
      'One at a time',
      `${duration(llmMs)} of waiting for the ${llm.label}; here it took ${duration(elapsedMs)}`,
    ],
    ['Temporal UI', options.temporalUi],
  ];
  const title = verdict.ok
    ? `Done in ${duration(elapsedMs)}: every job has exactly one result.`
    : `Not as promised, after ${duration(elapsedMs)}:`;
  return [
    title,
    ...verdict.sentences.map((sentence) => `  ${sentence}`),
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(15)} ${value}`),
  ].join('\n');
}

function byStatus(results: readonly JobResult[]): string {
  const counts = new Map<string, number>();
  for (const { status, error } of results) {
    const key = error === undefined ? status : `${status} (${error.type})`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size === 0 ? '' : `: ${[...counts].map(([key, count]) => `${count} ${key}`).join(', ')}`;
}

function describeDuplicates({ duplicated, contradictory }: Verdict): string {
  if (duplicated.length === 0) return '0';
  const equal = duplicated.length - contradictory.length;
  return `${duplicated.length} (${equal} of them with equal bytes, which is harmless)`;
}

function describeWorkflows({ single, packs, onTheirOwn }: WorkflowCounts): string {
  const parts = [
    packs > 0 ? counted(packs, 'pack') : '',
    single > 0 ? `${single} with a single job` : '',
    onTheirOwn > 0 ? `${onTheirOwn} for jobs that left their pack` : '',
  ].filter(Boolean);
  return `${single + packs + onTheirOwn}: ${parts.join(', ')}`;
}

function shown(ms: number | undefined): string {
  return ms === undefined ? '-' : duration(ms);
}
