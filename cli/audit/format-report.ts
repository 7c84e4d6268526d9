import type { CliContext } from '../context';
import { duration } from '../duration';
import { formatTable, styles } from '../output';
import { printableCell } from '../printable';
import type { AuditReport } from './report';

/** The report for a person. */
export function formatReport(
  report: AuditReport,
  { stdout, env }: Pick<CliContext, 'stdout' | 'env'>,
): string {
  const { bold, dim, red, green } = styles(stdout, env);
  const { records, results, examples } = report;
  const verdict = verdictOf(report);
  const offsets = report.ranges
    .filter(({ from, to }) => from < to)
    .map(({ partition, from, to }) => `${partition}: ${from}-${to - 1}`);
  const heading = [
    ...(isEmpty(report) ? [red(NOTHING_AUDITED)] : []),
    bold(`Audit of ${report.topic}, group ${report.group}`),
    dim(offsets.length === 0 ? 'no records' : cut(`partition: offsets  ${offsets.join('  ')}`)),
  ];
  const counts = formatTable([
    ['received', records.received],
    ['completed', records.completed],
    ['failed', records.failed],
    ['cancelled', records.cancelled],
    ['expired', records.expired],
    ['dead-lettered', records.deadLettered],
    [
      'duplicate',
      records.duplicate,
      records.duplicate > 0 ? 'skipped, as another record has the job id' : '',
    ],
    [
      'running',
      records.running,
      report.longestRunningMs === null ? '' : `for up to ${duration(report.longestRunningMs)}`,
    ],
    [
      'waiting',
      records.waiting,
      report.longestWaitingMs === null
        ? ''
        : `for up to ${duration(report.longestWaitingMs)}, not handed over yet`,
    ],
    ['lost', records.lost],
    [],
    ['jobs with different results', results.jobsWithDifferentResults],
    ['jobs with results under another id', results.jobsWithOtherIds],
    ['job ids done twice', report.jobIdsOnce ? results.jobIdsDoneTwice : 'not counted'],
    ['identical copies of results', results.identicalCopies],
    ['repeated dead letters', results.repeatedDeadLetters],
    ['results without a record', results.withoutRecord],
    ['unreadable results', results.unreadable],
    ['results published now', results.published],
    ['duplicate LLM calls', ...llmCallCells(report)],
  ]);
  const sections = [
    section('Lost', examples.lost, records.lost, ({ jobId, why, workflowId, ...place }) => [
      ...coordinates(place, jobId),
      workflowId === null ? why : `${why} ${printableCell(workflowId, WORKFLOW_ID_MAX)}`,
    ]),
    section(
      'Different results',
      examples.differentResults,
      results.jobsWithDifferentResults,
      ({ jobId, ...place }) => coordinates(place, jobId),
    ),
    section('Results under another id', examples.otherIds, results.jobsWithOtherIds, ({ jobId, ...place }) =>
      coordinates(place, jobId),
    ),
    section(
      'Job ids done twice',
      examples.jobIdsDoneTwice,
      results.jobIdsDoneTwice,
      ({ jobId, other, ...place }) => [
        ...coordinates(place, jobId),
        other
          ? `and partition ${other.partition} offset ${other.offset}`
          : 'and a record outside of the range',
      ],
    ),
    section(
      'Running, one record of each workflow',
      examples.running,
      undefined,
      ({ jobId, runningMs, workflowId, ...place }) => [
        ...coordinates(place, jobId),
        duration(runningMs),
        printableCell(workflowId, WORKFLOW_ID_MAX),
      ],
    ),
    section('Waiting', examples.waiting, records.waiting, ({ jobId, waitingMs, ...place }) => [
      ...coordinates(place, jobId),
      duration(waitingMs),
    ]),
    section(
      'Duplicate LLM calls',
      examples.duplicateLlmCalls,
      undefined,
      ({ jobId, calls, accountedFor }) => [nameOf(jobId), `${calls} calls, ${accountedFor} in its result`],
    ),
  ];
  const warnings = report.warnings.map((warning) => `Note: ${warning}`);
  return [...heading, '', counts, '', ...sections.flat(), ...warnings, verdict].join('\n');

  function verdictOf(report: AuditReport): string {
    const { ok, deletedUnread } = report;
    if (isEmpty(report) && deletedUnread.length === 0)
      return ok ? NOTHING_AUDITED : red(`NOT GOOD: ${NOTHING_AUDITED}`);
    if (ok) return green('Nothing is lost, and no job has different results.');
    return red(`NOT GOOD: ${faults(report).join(', ')}.`);
  }
}

/** The ids of jobs and workflows have no more. */
const JOB_ID_MAX = 200;
const WORKFLOW_ID_MAX = 255;
const NOTHING_AUDITED = 'No record was looked at, so nothing is known.';

function isEmpty({ records }: AuditReport): boolean {
  return records.received === 0;
}

/** A simulator that was started anew has forgotten calls, and would seem to have seen few of them. */
function llmCallCells({ llmCalls }: AuditReport): (string | number)[] {
  if (!llmCalls) return ['not counted'];
  const { accepted, duplicate, unknown } = llmCalls;
  if (unknown === 0) return [duplicate, `${number(accepted)} made`];
  const forgotten = `${number(unknown)} made before the simulator was started`;
  return accepted === 0
    ? ['not counted', forgotten]
    : [duplicate, `${number(accepted)} made, and ${forgotten}`];
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}

function faults({ records, results, deletedUnread }: AuditReport): string[] {
  const more = [
    [
      deletedUnread.reduce((sum, { from, to }) => sum + to - from, 0),
      'offsets deleted before they were read',
    ],
    [results.jobsWithOtherIds, 'with results under another id'],
    [results.jobIdsDoneTwice, 'job ids done twice'],
  ] as const;
  return [
    `${records.lost} lost`,
    `${results.jobsWithDifferentResults} with different results`,
    ...more.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`),
  ];
}

function section<T>(
  title: string,
  examples: readonly T[],
  total: number | undefined,
  cells: (example: T) => string[],
): string[] {
  if (examples.length === 0) return [];
  const more =
    total !== undefined && total > examples.length ? `, the first ${examples.length} of ${total}` : '';
  return [`${title}${more}:`, formatTable(examples.map((example) => ['', ...cells(example)])), ''];
}

function coordinates(
  { partition, offset }: { partition: number; offset: number },
  jobId: string | null,
): string[] {
  return [`partition ${partition} offset ${offset}`, nameOf(jobId)];
}

/** What a record says its id is may be anything. */
function nameOf(jobId: string | null): string {
  return `job ${printableCell(jobId ?? '?', JOB_ID_MAX)}`;
}

function cut(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
