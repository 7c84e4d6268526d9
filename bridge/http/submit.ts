import { randomUUID } from 'node:crypto';
import { HeadwayError, sentence } from '../../contracts/errors';
import type { JobRequest } from '../../contracts/job-request';
import type { FieldProblem } from '../../contracts/problem';
import { DEFAULT_PRIORITY } from '../../contracts/task-priority';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { createFairLimit } from '../../runtime/fair-limit';
import type { HttpMetrics } from '../../runtime/metrics';
import { inputError } from '../input-error';
import type { Jobs, SubmitOptions, SubmittedJob } from '../jobs/jobs';
import { requireTenant, type Caller } from './authentication';
import { pointerTo, RequestProblem } from './problems';
import type { ServerWatch } from '../../runtime/watch-server';

export interface SubmitterOptions {
  jobsOf: (tenant?: string) => Jobs;
  pipelineNamed: (name: string) => Pipeline;
  /** Starts under way at a time. */
  concurrency: number;
  temporal?: ServerWatch;
  metrics: HttpMetrics;
}

export interface SubmitHow extends SubmitOptions {
  /** Waits for its turn however many wait before it, instead of failing. */
  patient?: boolean;
}

export type Submit = (caller: Caller, request: JobRequest, how?: SubmitHow) => Promise<SubmittedJob>;

/** Waiting requests beyond which one is better sent again later: seconds of work for a server that starts 100 a second. */
const WAITING_MAX = 500;

/**
 * Starts the jobs of all requests, a bounded number at a time, the callers in turn. When the promise resolves the job is durable.
 *
 * The promise rejects as `Jobs.submit` does, with each invalid field of the input, and with the id of the job where its start may or may
 * not have happened; `HW_FORBIDDEN`; `HW_OVERLOADED`.
 */
export function createSubmitter({
  jobsOf,
  pipelineNamed,
  concurrency,
  temporal,
  metrics,
}: SubmitterOptions): Submit {
  const limit = createFairLimit(concurrency);
  let waiting = 0;
  let impatient = 0;
  metrics.startsWaiting.set(0);

  return async (caller, request, { patient = false, ...options } = {}) => {
    requireTenant(caller, request.tenant);
    requireAddressable(request.id);
    const away = temporal?.away();
    if (away !== undefined) throw new HeadwayError('HW_SERVER_UNREACHABLE', away);
    if (impatient >= WAITING_MAX && !patient) {
      throw new HeadwayError('HW_OVERLOADED', `${impatient} requests wait for their jobs to be started`);
    }
    const turn = {
      priorityKey: DEFAULT_PRIORITY,
      // Lines of a batch wait beside the other requests of their caller, not before them.
      fairnessKey: `${patient ? 'batch' : 'single'} ${caller.name}`,
    };
    // Chosen here, so that it is known when nobody knows whether the job was started.
    const id = request.id ?? (options.idempotencyKey === undefined ? randomUUID() : undefined);
    metrics.startsWaiting.set(++waiting);
    if (!patient) impatient++;
    try {
      const submitted = await limit(turn, () => {
        metrics.startsWaiting.set(--waiting);
        if (!patient) impatient--;
        return jobsOf(caller.tenant).submit({ ...request, id }, options);
      });
      metrics.jobsAccepted.inc({ created: String(submitted.created) });
      return submitted;
    } catch (error) {
      throw explained(error, request, id);
    }
  };

  function explained(error: unknown, request: JobRequest, id: string | undefined): unknown {
    if (!(error instanceof HeadwayError)) return error;
    const { code, message } = error;
    if (code === 'HW_JOB_INVALID') {
      return new RequestProblem(code, message, { errors: invalidInput(request), cause: error });
    }
    if (code === 'HW_PIPELINE_UNKNOWN') {
      const errors = [{ pointer: '#/pipeline', detail: message }];
      return new RequestProblem(code, message, { errors, cause: error });
    }
    if (code !== 'HW_SERVER_UNREACHABLE') return error;
    temporal?.suspect();
    return new RequestProblem(code, message, { id, cause: error });
  }

  function invalidInput({ pipeline, input }: JobRequest): FieldProblem[] | undefined {
    const error = inputError(pipelineNamed(pipeline), input);
    return error?.issues.slice(0, 100).map(({ path, message }) => ({
      pointer: pointerTo(['input', ...path]),
      detail: sentence(message),
    }));
  }
}

/** A path cannot end in these, not even percent-encoded: clients take them for a step within the path. https://url.spec.whatwg.org/#double-dot-path-segment */
function requireAddressable(id: string | undefined): void {
  if (id !== '.' && id !== '..') return;
  const detail = 'must not be "." or ".."';
  throw new RequestProblem('HW_JOB_INVALID', `id: ${detail}`, { errors: [{ pointer: '#/id', detail }] });
}
