import type { Confidential, HiddenMessage } from './confidential';
import type { ErrorCode } from './errors';
import type { PackJob } from './pack';
import type { JobResult, Usage } from './job-result';

/**
 * What the stages hand to each other through the workflow. A job is named by its place in the pack (`index`), since
 * two records may carry the same id. All times are milliseconds since 1970, taken where the work was done: a
 * workflow's own clock is not the same when a workflow task runs a second time.
 */

/** What the model gets. */
export interface Prompt {
  /** What it is to do: the system prompt. */
  instructions: string;
  /** What it is to do it with: the request and internal data, fenced off. */
  input: string;
  /** Which prompt this is, such as `PromptFile.label`: it goes into the metadata of the call, at most 512 characters. */
  version?: string;
}

/** Trouble of one job. `final`: repeating changes nothing. `retry`: it might pass. */
export interface StageFailure {
  kind: 'final' | 'retry';
  code: ErrorCode;
  message: string;
  endedAt: number;
  /** Others have this trouble too (rate limit, provider away), so it says nothing about this job. */
  shared?: boolean;
  /** The wait the other side asked for, in milliseconds. */
  retryAfterMs?: number;
  /** It waits for its share of the provider's limit; no call was made. */
  notMade?: boolean;
  /** Of a final one: which other call may get an answer all the same. */
  remedy?: Remedy;
}

/** Room for more output, or, which helps against all trouble of a model, another one. */
export type Remedy = 'more-tokens' | 'other-model';

/** Detail of the failure of a stage that a job on its own is in. */
export interface FailedAttempt extends Partial<HiddenMessage> {
  /** Counted by Temporal, 1 for the first. */
  attempt: number;
}

export interface JobAt extends Confidential {
  index: number;
  job: PackJob;
}

export interface Enriched {
  kind: 'enriched';
  prompt: Prompt;
  /** What the pipeline's `enrich` returned; post-processing gets it again. */
  enrichment: unknown;
}

export type EnrichOutcome = { index: number } & Confidential & (Enriched | StageFailure);

export interface EnrichRequest {
  jobs: JobAt[];
  timeoutMs: number;
  /** Other jobs of the pack got through this stage, so trouble of all these is not trouble of all. */
  othersSucceeded?: boolean;
}

/** Outcomes of some of the jobs, cut by bytes and by time; the workflow asks again for the others. */
export interface EnrichResponse {
  outcomes: EnrichOutcome[];
}

export interface LlmCall extends Confidential {
  index: number;
  jobId: string;
  pipeline: string;
  prompt: Prompt;
  /** Absent: `OPENAI_MODEL` of the worker. */
  model?: string;
  maxOutputTokens: number;
  timeoutMs: number;
  /** 1 for the first call of a job. */
  attempt: number;
  /** Milliseconds since 1970. */
  deadline?: number;
  /** The answer to mend and what is wrong with it. */
  repair?: { answer: string; problem: string };
  traceparent?: string;
  /** It came before, and had to wait for its share of the provider's limit. */
  returned?: boolean;
  /** Who pays, where there is something to say. */
  account?: CallAccount;
}

export interface CallAccount {
  tenant?: string;
  /** What the job may cost at most, and what it has cost or may have cost so far, in nano-dollars. */
  maxNanoUsd?: number;
  spentNanoUsd?: number;
}

/** A call under way. Small: it is written to the history with every wave. */
export interface LlmHandle extends Confidential {
  index: number;
  jobId: string;
  /** Absent also in calls that an older worker made. */
  tenant?: string;
  pipeline: string;
  /** That of the call, where it names one. */
  model?: string;
  callId: string;
  startedAt: number;
  /** When waiting ends and the call is cancelled. */
  timeoutAt: number;
  /** The timeout is the job's deadline. */
  expires?: boolean;
  /** Tokens of the shared budget that were taken for it, until what it used is known; 0 where no limit was known. */
  reserved?: { model: string; tokens: number; prompt: number };
  /** What it may cost at most, in nano-dollars, and what that is called where it was set aside for all workers. */
  held?: { nanoUsd: number; id?: string };
  /** The request is held open by the process that made it, which alone can await it. */
  heldOpen?: boolean;
  /** In heartbeats: stands for so many calls that ended with the processes which held them open, `held` for what all of them may have cost. */
  lost?: number;
}

/** A source that the web search of the model cited. */
export interface Citation {
  /** As the model gave it. */
  url: string;
  /** Of the page; may be empty. */
  title: string;
}

export interface LlmAnswer {
  kind: 'answer';
  answer: unknown;
  citations: Citation[];
  /** Addresses of the pages that its web searches consulted, in order, each once; absent when there are none. */
  consulted?: string[];
  /** How many more there were than are kept; absent when all are. */
  consultedLeftOut?: number;
  /** As the answer names it, which may be more exact than what was asked for. */
  model: string;
}

/** The model answered, but not with what was asked for; `answer` is kept for a repair attempt. */
export interface BadAnswer {
  kind: 'bad-answer';
  code: ErrorCode;
  message: string;
  answer: string;
}

interface EndedCall extends Confidential {
  index: number;
  startedAt: number;
  endedAt: number;
  usage: Usage;
  /** The one that was asked, of a call whose answer cannot be used. */
  model?: string;
  /** Where what it cost is not known but counts towards a ceiling. */
  atMostNanoUsd?: number;
}

export type LlmOutcome = EndedCall &
  (LlmAnswer | BadAnswer | Omit<StageFailure, 'endedAt'> | { kind: 'expired' });

export interface StartCalls {
  calls: LlmCall[];
  /** A single call is awaited too: its outcome is returned instead of its handle. Older workers return the handle all the same. */
  stay?: boolean;
}

export interface StartedCalls {
  handles: LlmHandle[];
  /** Calls that already ended, most often because the provider refused to take them. */
  outcomes: LlmOutcome[];
  /** Task queue of the worker that holds the calls open; absent when any worker can await them. */
  heldBy?: string;
}

export interface PostProcessItem extends Confidential {
  index: number;
  pipeline: string;
  input: Record<string, unknown>;
  enrichment: unknown;
  answer: unknown;
  citations: Citation[];
  consulted?: string[];
  consultedLeftOut?: number;
}

export type PostProcessOutcome = { index: number } & Confidential &
  ({ kind: 'output'; output: unknown } | StageFailure);

/** What `postProcessJob` returns for a confidential job: an output that is a text has no place for the mark. */
export interface MarkedOutput {
  confidential: true;
  output: unknown;
}

export interface PostProcessRequest {
  items: PostProcessItem[];
  timeoutMs: number;
  /** As in `EnrichRequest`. */
  othersSucceeded?: boolean;
}

export interface PublishItem extends Confidential {
  result: JobResult;
  traceparent?: string;
  tracestate?: string;
}

export interface PublishRequest {
  items: PublishItem[];
  /**
   * Whether results that Kafka does not take may be named in the response, for the caller to ask again: where it took others, or also where it took
   * none. Absent, as older workflows have it: nothing but an error may be said of them.
   */
  mayFail?: 'some' | 'all';
  /**
   * A result that the topic refuses for its size is an error, for Temporal to try again: each request stands in the history of a workflow with a single
   * job, which a large result would fill. Absent in packs, whose requests stand nowhere, and in older workflows.
   */
  allOrError?: boolean;
}

export interface PublishResponse {
  /** Places in the request of results the topic refuses for their size, at present. */
  tooLarge: number[];
  /** Places of results that Kafka does not take at present, or did not say so in time. Absent: none. All others are published. */
  failed?: number[];
}
