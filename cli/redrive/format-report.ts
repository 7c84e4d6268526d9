import type { RedriveReport } from '../../bridge/kafka/redrive/redrive';
import type { RetryFailedReport } from '../../bridge/kafka/redrive/retry-failed';
import { formatTable } from '../output';

interface Topics {
  queue: string;
  deadLetters: string;
  parking: string;
}

/** What became of the dead letters, for people. */
export function formatRedrive(report: RedriveReport, topics: Topics): string {
  const { dryRun, letters, selected, sent, kept, groups, examples } = report;
  const rows = groups.map(({ code, pipeline, letters }) => [code, pipeline ?? '-', letters]);
  const verb = dryRun ? 'would be sent' : 'sent';
  const parked = `${count(sent.parking)} ${dryRun ? 'would be parked' : 'parked'} in ${topics.parking}`;
  return paragraphs([
    `${count(letters)} dead letters in ${topics.deadLetters}, ${count(selected)} of them asked for.`,
    rows.length > 0 && formatTable([['code', 'pipeline', 'letters'], ...rows]),
    `${count(sent.queue)} ${verb} back to ${topics.queue}${sent.parking > 0 ? `, ${parked}` : ''}.`,
    list('Left where they are:', [
      [kept.alreadySent, 'sent before; --again sends their records once more'],
      [kept.otherTopic, `not from ${topics.queue}`],
      [kept.withoutValue, 'without the value, which was too large for the dead-letter topic'],
      [kept.tooLarge, 'too large for the topic they would go to (max.message.bytes)'],
    ]),
    dryRun && named(examples.map((one) => `${one.partition}:${one.offset}  ${one.code}  ${one.reason}`)),
    report.interrupted && 'Interrupted: run it again to go on. Nothing is sent twice.',
  ]);
}

/** What became of the failed jobs, for people. */
export function formatRetryFailed(report: RetryFailedReport): string {
  const { dryRun, failed, selected, started, kept, groups, examples } = report;
  const rows = groups.map(({ code, pipeline, jobs }) => [code, pipeline, jobs]);
  return paragraphs([
    `${count(failed)} jobs whose newest result is that they failed, ${count(selected)} of them asked for.`,
    rows.length > 0 && formatTable([['code', 'pipeline', 'jobs'], ...rows]),
    `${count(started)} ${dryRun ? 'would be run again' : 'are run again'}.`,
    list(
      'Not run again:',
      Object.entries(kept).map(([code, jobs]) => [jobs, code]),
    ),
    dryRun && named(examples.map(({ jobId, code, reason }) => `${jobId}  ${code}  ${reason}`)),
    report.interrupted && 'Interrupted: run it again to go on. No job is started twice.',
  ]);
}

function named(lines: string[]): string | false {
  return lines.length > 0 && `For example:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function list(heading: string, entries: [number, string][]): string | false {
  const some = entries.filter(([number]) => number > 0).map(([number, why]) => `  ${count(number)} ${why}`);
  return some.length > 0 && [heading, ...some].join('\n');
}

function paragraphs(parts: (string | false)[]): string {
  return parts.filter((part) => part !== false).join('\n\n');
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
