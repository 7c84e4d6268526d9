import type { Confidential } from './confidential';
import type { ErrorCode } from './errors';
import type { JobResult, Stage, TerminalStatus } from './job-result';

/** Queries and updates of the workflows that carry jobs: their names, and what they answer. */
export const JOBS_QUERY = 'jobs';
export const RESULTS_QUERY = 'results';
export const CANCEL_JOB_UPDATE = 'cancelJob';

/** One job as its workflow knows it. Times in milliseconds since 1970. */
export interface JobState extends Confidential {
  id: string;
  pipeline: string;
  tenant?: string;
  priority?: number;
  deadline?: string;
  notBefore?: string;
  receivedAt: number;
  startedAt: number;
  stage: Stage;
  /** `left`: it goes on as a workflow of its own, named `leftAs`. */
  status: 'running' | 'left' | TerminalStatus;
  leftAs?: string;
  /** LLM calls begun, repair attempts included. */
  llmAttempts: number;
  /** When the next LLM call is made, while the job waits for it. */
  nextAttemptAt?: number;
  lastError?: { code: ErrorCode; message: string };
  /** When it ended. */
  endedAt?: number;
}

/** The answer to the query `results`, which takes a job id: results of jobs with that id, in order of the pack. */
export type ResultsAnswer = (JobResult & Confidential)[];

/**
 * What the update `cancelJob` takes: a job id, the tenant whose job it has to be, and until when it is wanted, in milliseconds since 1970. A workflow
 * that gets it later refuses it.
 */
export type CancelQuestion = [id: string, tenant?: string, wantedUntil?: number];

/** The type of the failure with which a workflow refuses it as too late. */
export const TAKEN_TOO_LATE = 'HW_NO_WORKER';

/**
 * The answer to the update `cancelJob`. `cancelled`: by this call or by an earlier one. `left`: the job goes on as the workflow `leftAs`. Otherwise its end was known before, though it may not be published yet.
 */
export type CancelAnswer =
  | { outcome: 'cancelled' }
  | { outcome: 'left'; leftAs: string }
  | { outcome: 'ended'; status: TerminalStatus }
  | { outcome: 'unknown' };
