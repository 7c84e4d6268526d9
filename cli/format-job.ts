import type { JobView } from '../contracts/job-view';
import type { AnyJob, AnyResult } from './any-version';
import { duration } from './duration';
import { formatTable, type Styles } from './output';
import { printableLine } from './printable';

/** Everything about a job but its output, for a person. */
export function formatJob(job: JobView, styles: Styles): string {
  const error = errorOf(job);
  const rows: [string, string | number | undefined][] = [
    ['job', job.id],
    ['pipeline', job.pipeline],
    ['status', `${colouredStatus(job, styles)}${job.run > 1 ? `, run ${job.run}` : ''}`],
    ['stage', stageOf(job)],
    ['last error', job.lastError && printableLine(`${job.lastError.type}: ${job.lastError.message}`)],
    ['error', error === undefined ? undefined : printableLine(error)],
    ['tenant', job.tenant === undefined ? undefined : printableLine(job.tenant)],
    ['priority', job.priority === undefined ? undefined : String(job.priority)],
    ['deadline', job.deadline],
    ['not before', job.notBefore],
    ['received', job.receivedAt],
    ['started', job.startedAt],
    ['ended', job.completedAt && `${job.completedAt}, after ${tookOf(job)}`],
    ['usage', usageOf(job)],
    ['workflow', job.workflow.id],
  ];
  return formatTable(rows.filter(([, value]) => value !== undefined) as [string, string][]);
}

const columns = ['job', 'pipeline', 'tenant', 'status', 'stage', 'received', 'took'];

/** One line for each job. */
export function formatJobs(jobs: readonly JobView[]): string {
  return formatTable([
    columns,
    ...jobs.map((job) => [
      job.id,
      job.pipeline,
      printableLine(job.tenant ?? '-'),
      job.status,
      stageOf(job) ?? '-',
      job.receivedAt.replace(/\.\d+Z$/, 'Z'),
      tookOf(job) ?? '-',
    ]),
  ]);
}

/** Where a job in progress stands: `call-llm, attempt 2, again at 10:00:05`. */
export function stageOf({ stage, attempts = 0, nextAttemptAt }: JobView): string | undefined {
  if (stage === undefined) return undefined;
  const attempt = attempts > 1 ? `, attempt ${attempts}` : '';
  const next = nextAttemptAt === undefined ? '' : `, again at ${nextAttemptAt.slice(11, 19)} UTC`;
  return `${stage}${attempt}${next}`;
}

/** Why a job that has ended did not complete. */
export function errorOf({
  status,
  result,
  lastError,
}: Pick<AnyJob, 'status' | 'result' | 'lastError'>): string | undefined {
  if (result?.error) return errorText(result.error);
  if (!hasEnded(status) || status === 'completed') return undefined;
  return lastError && `${lastError.type}: ${lastError.message}`;
}

/** Why a job did not complete, as its result says. */
export function errorText({ type, stage, attempts, message }: NonNullable<AnyResult['error']>): string {
  const at = stage === undefined ? '' : ` at ${stage}`;
  const tried = attempts === undefined ? '' : attempts === 1 ? ' (1 attempt)' : ` (${attempts} attempts)`;
  return `${type}${at}${tried}: ${message}`;
}

export function hasEnded(status: JobView['status']): boolean {
  return status !== 'queued' && status !== 'in_progress';
}

/** From its door to its end. */
export function tookOf({ receivedAt, completedAt }: JobView): string | undefined {
  if (completedAt === undefined) return undefined;
  return duration(Math.max(0, Date.parse(completedAt) - Date.parse(receivedAt)));
}

function usageOf({ result }: JobView): string | undefined {
  if (!result) return undefined;
  const { llmCalls, inputTokens, outputTokens, webSearches, costNanoUsd } = result.usage;
  const used = `${llmCalls} LLM calls, ${inputTokens} tokens in, ${outputTokens} out, ${webSearches} web searches`;
  return costNanoUsd === undefined ? used : `${used}, ${(costNanoUsd / 1e9).toFixed(6)} USD`;
}

function colouredStatus({ status }: JobView, { green, red }: Styles): string {
  if (status === 'completed') return green(status);
  return hasEnded(status) ? red(status) : status;
}
