import type { HeadwayError } from '../../contracts/errors';
import { redact } from '../../runtime/redact';
import type { CliContext } from '../context';
import { duration } from '../duration';
import { printJson, printJsonLine } from '../output';
import { printable, printableLine } from '../printable';
import type { ProgressBar } from '../progress';
import type { Door, JobEnd, Verdict } from './door';
import type { RawRequest } from './read-requests';

export interface SubmitReportOptions {
  wait?: boolean;
  json?: boolean;
  /** A single job: its output is printed, and not a line about it. */
  alone: boolean;
}

export type SubmitReport = ReturnType<typeof createSubmitReport>;

/** Tells what becomes of the jobs, on standard output what was asked for, on standard error the rest. */
export function createSubmitReport(
  { wait = false, json = false, alone }: SubmitReportOptions,
  context: CliContext,
  progress: ProgressBar,
  total?: number,
) {
  const open = new Set<string>();
  const early = new Set<string>();
  let sent = 0;
  let wrong = 0;
  let unsure = 0;
  let notSent = 0;
  let lastRead = 0;
  let firstNotSent: number | undefined;
  let ended = 0;
  let completed = 0;
  let withoutResult = 0;
  let over = false;

  return {
    onVerdict({ request, refused, unsure: mayBeSent, notSent: wasNotSent }: Verdict): void {
      const { id, number: line } = request;
      lastRead = Math.max(lastRead, line);
      if (wasNotSent) {
        notSent += 1;
        firstNotSent = Math.min(firstNotSent ?? line, line);
        // All of them in one sentence in the end: it may be thousands.
        if (json) printJsonLine(context, { line, id, notSent: true });
        return;
      }
      if (mayBeSent) {
        unsure += 1;
        // Its id is all that one can look for it with, or send it again by.
        tell(`${request.place}: job ${id} may have been sent or not`);
        if (json) printJsonLine(context, { line, id, unsure: true });
        return;
      }
      if (refused) {
        wrong += 1;
        tell(`${request.place}: ${refused.code}: ${refused.message}`);
        if (json) printJsonLine(context, { line, id, problem: refused });
        return;
      }
      sent += 1;
      if (wait) {
        if (!early.delete(id)) open.add(id);
      } else if (json) printJsonLine(context, { line, id });
      else context.stdout.write(`${id}\n`);
      progress.update('sending', sent, total);
    },
    onWrong({ code, message }: HeadwayError, { number: line }: RawRequest): void {
      lastRead = Math.max(lastRead, line);
      wrong += 1;
      tell(`${code}: ${message}`);
      if (json) printJsonLine(context, { line, problem: { code, message } });
    },
    onEnd(end: JobEnd): void {
      if (over) return;
      ended += 1;
      // It may have ended before its sending was told of.
      if (!open.delete(end.id)) early.add(end.id);
      if (end.status === 'completed') completed += 1;
      progress.close();
      if (end.duplicateOf !== undefined) tell(duplicateSentence(end.id, end.duplicateOf));
      if (lacksResult(end)) {
        withoutResult += 1;
        tell(withoutResultSentence(end.id));
      }
      print(end);
      progress.update('ended', ended, total ?? sent);
    },
    /** For who waits long. */
    remind(): void {
      if (open.size === 0) return;
      const some = [...open].slice(0, 3).join(', ');
      tell(
        `${notEnded()}: ${some}${open.size > 3 ? ', ...' : ''}. \`headway status ID\` says where one stands; a bridge and a worker must be running. With JOB_ID_DEDUPE=ledger a job whose id was there before is left out; where that and DATABASE_URL are set here as for the bridges, the end of the earlier one is told here.`,
      );
    },
    onStopped(): void {
      const left = total === undefined ? undefined : total - told();
      if (left === 0) return;
      firstNotSent ??= lastRead + 1;
      notSent += left ?? 0;
      if (json) printJsonLine(context, { notSentFromLine: lastRead + 1 });
    },
    timedOut(): void {
      tell(`${notEnded()}${open.size > 0 ? '; they go on' : ''}.`);
    },
    /** Nobody waits any more: each job that was sent and has not ended is told of now, for its id may be known nowhere else. */
    onWaitedEnough(): void {
      over = true;
      progress.close();
      for (const id of open) printOpen(id);
    },
    /** @param door where the jobs went, and what to know about sending again */
    sum({ name, sendingAgain }: Pick<Door, 'name' | 'sendingAgain'>): void {
      const left = wrong > 0 ? `, ${count(wrong, 'request')} left out` : '';
      const ends = wait ? `; ${completed} completed, ${ended - completed} ended otherwise` : '';
      const doubtful = unsure > 0 ? `, ${count(unsure, 'job')} that may have been sent or not` : '';
      const from = firstNotSent === undefined ? '' : `, nothing from line ${firstNotSent} on`;
      const unsent = notSent > 0 ? `${from} (${count(notSent, 'job')})` : from;
      if (sent + wrong + unsure + notSent > 0) {
        context.stderr.write(`Sent ${count(sent, 'job')} to ${name}${left}${doubtful}${unsent}${ends}.\n`);
      }
      // For a person; a program has the ids.
      if (!wait && !json && sent > 0 && context.stdout.isTTY) {
        context.stderr.write(
          '`headway watch ID` follows a job until it ends, `headway result ID` prints its result.\n',
        );
      }
      if (unsure > 0) tell(`\`headway status ID\` says whether a job has arrived. ${sendingAgain}`);
    },
    tell,
    seen: told,
    /** Whether the door may have taken something already. */
    hasSent: () => sent + unsure > 0,
    isBad: () => wrong > 0 || unsure > 0 || (wait && completed < sent),
    /** Whether a result was asked for, and is there, but nobody told it. */
    lacksResults: () => withoutResult > 0,
  };

  function told(): number {
    return sent + wrong + unsure + notSent;
  }

  function print(end: JobEnd): void {
    const { id, status, result, message } = end;
    if (json) return printJsonLine(context, result ?? { id, status, message });
    if (lacksResult(end)) return;
    if (alone && status === 'completed') return printJson(context, result?.output ?? null);
    if (alone) return tell(`job ${id} is ${status}: ${message}`);
    const took = result?.timings ? `  ${duration(result.timings.totalMs)}` : '';
    context.stdout.write(`${id}  ${status}${took}${message ? `  ${printableLine(message)}` : ''}\n`);
  }

  /** Of several jobs only how they ended is told, unless it is JSON. */
  function lacksResult({ status, result }: JobEnd): boolean {
    return status === 'completed' && result === undefined && (json || alone);
  }

  function notEnded(): string {
    return `${count(open.size, 'job')} not ended yet`;
  }

  function printOpen(id: string): void {
    if (json) return printJsonLine(context, { id, open: true });
    if (alone) return tell(`job ${id} has not ended`);
    context.stdout.write(`${id}  not ended\n`);
  }

  function tell(sentence: string): void {
    progress.close();
    context.stderr.write(`headway: ${printable(redact(sentence))}\n`);
  }
}

function duplicateSentence(id: string, first: string): string {
  const from = first === 'http' ? 'the HTTP door' : `record ${first}`;
  return `job ${id} is a duplicate: an earlier job from ${from} has the id, so this one was left out; what is told is how the earlier one ended`;
}

function withoutResultSentence(id: string): string {
  return `job ${id} has completed, and no worker was there to tell its result; \`headway result ${id}\` asks for it again`;
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`;
}
