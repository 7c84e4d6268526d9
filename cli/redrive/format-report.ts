import type { RedriveReport } from '../../bridge/kafka/redrive/redrive';
import type { RetryFailedReport } from '../../bridge/kafka/redrive/retry-failed';
import { formatTable } from '../output';
import { printableCell } from '../printable';

/** Characters of a code or of the name of a pipeline: ours have fewer. */
const CELL_MAX = 64;
/** Of a line that names one letter or job, with the reason. */
const LINE_MAX = 1_000;

interface Topics {
  queue: string;
  deadLetters: string;
  parking: string;
}

/**
 * What became of the dead letters, for people.
 *
 * @param goOnWith where letters were to be sent once more: what `--again-before` has to say to go on
 */
export function formatRedrive(report: RedriveReport, topics: Topics, goOnWith?: string): string {
  const { dryRun, letters, selected, sent, kept, groups, examples } = report;
  const rows = groups.map(({ code, pipeline, letters }) => [cell(code), cell(pipeline ?? '-'), letters]);
  const would = dryRun ? 'Would be ' : '';
  return paragraphs([
    `Dead letters in ${topics.deadLetters}: ${count(letters)}, of which match: ${count(selected)}`,
    capitalised(`${would}sent back to ${topics.queue}: ${count(sent.queue)}`),
    sent.parking > 0 && capitalised(`${would}parked in ${topics.parking}: ${count(sent.parking)}`),
    rows.length > 0 && formatTable([['code', 'pipeline', 'letters'], ...rows]),
    list('Left where they are:', [
      [kept.alreadySent, 'sent before; --again sends their records once more'],
      [kept.otherTopic, `not from ${topics.queue}`],
      [kept.withoutValue, 'without the value, which was too large for the dead-letter topic'],
      [kept.tooLarge, 'too large for the topic they would go to (max.message.bytes)'],
    ]),
    dryRun &&
      named(examples.map((one) => `${one.partition}:${one.offset}  ${cell(one.code)}  ${one.reason}`)),
    report.interrupted &&
      (goOnWith === undefined || dryRun
        ? 'Interrupted: run it again to go on. Nothing is sent twice.'
        : `Interrupted: ${sayGoOn(goOnWith)}`),
  ]);
}

/** How to go on with a run that sends letters once more. */
export function sayGoOn(goOnWith: string): string {
  return `run it with --again-before ${goOnWith} to go on. With --again, what it has sent by then is sent once more.`;
}

/** What became of the failed jobs, for people. */
export function formatRetryFailed(report: RetryFailedReport): string {
  const { dryRun, failed, selected, started, kept, groups, examples } = report;
  const rows = groups.map(({ code, pipeline, jobs }) => [cell(code), cell(pipeline), jobs]);
  return paragraphs([
    `Jobs whose newest result is that they failed: ${count(failed)}, of which match: ${count(selected)}`,
    `${dryRun ? 'Would be run' : 'Run'} again: ${count(started)}`,
    rows.length > 0 && formatTable([['code', 'pipeline', 'jobs'], ...rows]),
    list(
      'Not run again:',
      Object.entries(kept).map(([code, jobs]) => [jobs, code]),
    ),
    dryRun && named(examples.map(({ jobId, code, reason }) => `${jobId}  ${cell(code)}  ${reason}`)),
    report.interrupted && 'Interrupted: run it again to go on. No job is started twice.',
  ]);
}

/** The report for programs. A dry run has sent and started nothing, and says what it would have. */
export function toJson(report: RedriveReport | RetryFailedReport): object {
  if (!report.dryRun) return report;
  if ('started' in report) return { ...report, started: 0, wouldStart: report.started };
  return { ...report, sent: { queue: 0, parking: 0 }, wouldSend: report.sent };
}

/** What records say of themselves may be anything. */
function cell(text: string): string {
  return printableCell(text, CELL_MAX);
}

function named(lines: string[]): string | false {
  const some = lines.map((line) => `  ${printableCell(line, LINE_MAX)}`);
  return lines.length > 0 && ['For example:', ...some].join('\n');
}

function list(heading: string, entries: [number, string][]): string | false {
  const some = entries.filter(([number]) => number > 0).map(([number, why]) => `  ${count(number)} ${why}`);
  return some.length > 0 && [heading, ...some].join('\n');
}

function paragraphs(parts: (string | false)[]): string {
  return parts.filter((part) => part !== false).join('\n\n');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
