import type { JobRequest } from '../../contracts/job-request';
import type { JobStatus, JobView } from '../../contracts/job-view';

/** Which jobs to list. Times in milliseconds since 1970. */
export interface JobFilter {
  pipeline?: string;
  tenant?: string;
  status?: JobStatus;
  /** Started at or after, and before. */
  since?: number;
  until?: number;
}

export interface JobPage {
  /** Those in progress first, then those that ended, the latest first. A job that was run again is there once for each run. */
  jobs: JobView[];
  /** Where the next page begins; absent on the last one. A page may have fewer jobs than asked for, even none, and yet not be the last. */
  cursor?: string;
  /**
   * Workflows whose jobs are left out: packs that have ended and that no worker tells about, so that it is not known how each of their
   * jobs ended; and what lies in a payload store that is away or not known here.
   */
  unanswered?: string[];
}

export interface SubmittedJob {
  view: JobView;
  /** False when the same request had come before: this is that job. */
  created: boolean;
}

/**
 * The jobs of one tenant, or all jobs: started, looked at, cancelled and run again through Temporal. Behind the HTTP door and the command
 * line. Every method throws HeadwayError `HW_SERVER_UNREACHABLE` while Temporal does not answer; jobs of other tenants are unknown.
 */
export interface Jobs {
  /**
   * Starts a job. When the promise resolves it is durable. The same request again (same id, or same idempotency key of the same
   * tenant) gives the same job.
   *
   * @param request its `tenant` is overruled by the tenant of these jobs
   * @throws HeadwayError `HW_JOB_INVALID`, `HW_PIPELINE_UNKNOWN`, `HW_RECORD_TOO_LARGE`; `HW_JOB_ID_TAKEN` when the id or the key
   * belongs to another request
   */
  submit(request: JobRequest, options?: SubmitOptions): Promise<SubmittedJob>;
  /** @throws HeadwayError `HW_JOB_UNKNOWN`; `HW_NO_WORKER` when only a worker could tell how it ended, and none answers */
  get(id: string): Promise<JobView>;
  /**
   * The job as it is when it has ended, or `waitMs` milliseconds from now.
   *
   * @throws HeadwayError `HW_JOB_UNKNOWN`; the reason of `signal`
   */
  waitFor(id: string, waitMs: number, signal?: AbortSignal): Promise<JobView>;
  /**
   * The job as it is now, and again whenever it has changed, until it has ended. `version` tells two states of a job apart: whoever gives
   * the one seen last is not told that state again.
   *
   * @throws HeadwayError `HW_JOB_UNKNOWN`; the reason of `signal`
   */
  changes(
    id: string,
    options?: { after?: string; signal?: AbortSignal },
  ): AsyncIterable<{ version: string; view: JobView }>;
  /** @throws HeadwayError `HW_CURSOR_INVALID` */
  list(filter: JobFilter, page: { limit: number; cursor?: string }): Promise<JobPage>;
  /**
   * Cancels a job: when the promise resolves it ends as `cancelled` for certain, its LLM call is being stopped, and its result on its way.
   *
   * @throws HeadwayError `HW_JOB_UNKNOWN`, `HW_JOB_ENDED`; `HW_NO_WORKER` when nobody took the request and it is not carried out any more;
   * `HW_CANCEL_PENDING` when it still may be
   */
  cancel(id: string): Promise<JobView>;
  /**
   * Runs a job once more that has failed, expired or been cancelled.
   *
   * @throws HeadwayError as `JobRetry.run`
   */
  retry(id: string): Promise<JobView>;
}

export interface SubmitOptions {
  /** Chosen by the sender; the id of the job is made from it, unless the request has one. */
  idempotencyKey?: string;
  /** W3C trace context of the request; carried to the LLM call and the result. */
  traceparent?: string;
  tracestate?: string;
}
