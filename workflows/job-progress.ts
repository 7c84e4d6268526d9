import { workflowInfo } from '@temporalio/workflow';
import { markOf, type Confidential } from '../contracts/confidential';
import type { ErrorCode } from '../contracts/errors';
import type { JobRun, JobResult, Stage, TerminalStatus, Usage } from '../contracts/job-result';
import { noUsage } from '../contracts/no-usage';
import type { RetryInput } from '../contracts/retry';
import type { PackJob } from '../contracts/pack';
import type { PipelinePolicy } from '../contracts/policy';
import type { LlmAnswer, LlmOutcome, PostProcessItem, Prompt, PublishItem } from '../contracts/stages';
import { withGivenUp, type CallsSoFar, type OtherCalls } from './other-call';

/** Where a job stands. Plain data: it is the argument of `processJob` when a job leaves its pack. */
export interface JobProgress extends OtherCalls, CallsSoFar, Confidential {
  job: PackJob;
  stage: Stage;
  status: 'running' | 'left' | TerminalStatus;
  /** The workflow it left for. */
  leftAs?: string;
  /** Start of the first workflow that held the job, ms since 1970. */
  startedAt: number;
  prompt?: Prompt;
  enrichment?: unknown;
  answer?: LlmAnswer;
  /** LLM calls begun, repair attempts included. */
  llmAttempts: number;
  answeredAt?: number;
  /** When a stage of a job on its own began to wait for a system that is away (ms since 1970), and how often it was tried since. */
  away?: { since: number; attempts: number };
  lastError?: { code: ErrorCode; message: string };
  /** While it waits to try again: until when, ms since 1970. */
  nextAttemptAt?: number;
  usage: Usage;
  /** What it has cost so far, in nano-dollars, calls that ended with an unknown cost counted as what they may have cost at most. */
  spentNanoUsd?: number;
  llmMs: number;
  /** Absent in the first run of a job. */
  run?: JobRun;
}

/** Argument of the workflow `processJob` when a job leaves its pack: how far that has brought it. */
export interface JobInput {
  progress: JobProgress;
  policy: PipelinePolicy;
  llmTaskQueue: string;
}

/** Where `processJob` begins: in the middle with a job from a pack, at the beginning with one that is run again. */
export function progressOf(input: JobInput | RetryInput): JobProgress {
  if ('progress' in input) {
    return { ...input.progress, usage: { ...input.progress.usage }, status: 'running' };
  }
  return { ...newProgress(input.job, input.policy), run: input.run };
}

export function newProgress(job: PackJob, policy: Pick<PipelinePolicy, 'confidential'>): JobProgress {
  return {
    ...markOf(policy),
    job,
    stage: 'enrich',
    status: 'running',
    startedAt: workflowInfo().startTime.getTime(),
    llmAttempts: 0,
    repairs: 0,
    ownFailures: 0,
    usage: { ...noUsage },
    llmMs: 0,
  };
}

/** Adds what an LLM call used and cost. */
export function addUsage(progress: JobProgress, outcome: LlmOutcome): void {
  const { usage } = progress;
  addDetails(usage, outcome.usage);
  const cost = outcome.usage.costNanoUsd ?? outcome.atMostNanoUsd;
  if (cost !== undefined) progress.spentNanoUsd = (progress.spentNanoUsd ?? 0) + cost;
  usage.inputTokens += outcome.usage.inputTokens;
  usage.outputTokens += outcome.usage.outputTokens;
  usage.webSearches += outcome.usage.webSearches;
  usage.llmCalls += outcome.usage.llmCalls;
  progress.llmMs += Math.max(0, outcome.endedAt - outcome.startedAt);
}

/** What calls of before did not tell is absent, and a sum with an unknown cost is unknown. */
function addDetails(sum: Usage, call: Usage): void {
  if (call.llmCalls === 0) return;
  for (const unit of ['cachedInputTokens', 'reasoningTokens'] as const) {
    const more = call[unit];
    if (more !== undefined) sum[unit] = (sum[unit] ?? 0) + more;
  }
  const before = sum.llmCalls === 0 ? 0 : sum.costNanoUsd;
  sum.costNanoUsd =
    before === undefined || call.costNanoUsd === undefined ? undefined : before + call.costNanoUsd;
}

/** What `postProcess` gets of an answer. */
export function toPostProcess({
  answer,
  citations,
  consulted,
  consultedLeftOut,
}: LlmAnswer): Pick<PostProcessItem, 'answer' | 'citations' | 'consulted' | 'consultedLeftOut'> {
  return { answer, citations, consulted, consultedLeftOut };
}

/** A result with output. Its time is that of the answer, which is durable; post-processing may run again. */
export function completed(progress: JobProgress, output: unknown): PublishItem {
  return toItem(progress, progress.answeredAt ?? 0, { status: 'completed', output });
}

/** A result without output. The bytes of a result depend only on what is in the history, so `endedAt` must be durable. */
export function ended(
  progress: JobProgress,
  status: Exclude<TerminalStatus, 'completed'>,
  failure: { code: ErrorCode; message: string; attempts?: number },
  endedAt: number,
): PublishItem {
  const attempts = Math.max(
    1,
    failure.attempts ?? (progress.stage === 'call-llm' ? progress.llmAttempts : 1),
  );
  const message =
    status === 'failed' && progress.stage === 'call-llm'
      ? withGivenUp(failure.message, progress)
      : failure.message;
  const error = { stage: progress.stage, type: failure.code, message, attempts };
  return toItem(progress, endedAt, { status, error });
}

function toItem(
  progress: JobProgress,
  endedAt: number,
  end: Pick<JobResult, 'status' | 'output' | 'error'>,
): PublishItem {
  const { job, startedAt } = progress;
  const receivedAt = job.source.timestamp;
  const { workflowId, runId } = workflowInfo();
  const result: JobResult = {
    id: job.id,
    pipeline: job.pipeline,
    ...end,
    tenant: job.tenant,
    metadata: job.metadata,
    model: end.status === 'completed' ? progress.answer?.model : undefined,
    usage: { ...progress.usage },
    timings: {
      receivedAt: new Date(receivedAt).toISOString(),
      startedAt: new Date(startedAt).toISOString(),
      completedAt: new Date(endedAt).toISOString(),
      queuedMs: Math.max(0, startedAt - receivedAt),
      llmMs: progress.llmMs,
      totalMs: Math.max(0, endedAt - receivedAt),
    },
    source: job.source,
    workflow: { id: workflowId, runId },
    run: progress.run,
  };
  return { ...markOf(progress), result, traceparent: job.traceparent, tracestate: job.tracestate };
}
