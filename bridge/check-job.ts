import { HeadwayError } from '../contracts/errors';
import { describeIssues, jobRequestSchema, type JobSource } from '../contracts/job-request';
import { beyondLimit, jobLimits, type JobLimits } from '../contracts/limits';
import type { PackJob } from '../contracts/pack';
import type { Pipeline } from '../pipelines/define-pipeline';
import { allIssues } from './all-issues';
import { inputRefusal } from './input-refusal';
import { openPipeline, withoutOwnKeys } from './own-keys';

/** Ids that the HTTP door makes from idempotency keys. */
const ID_FROM_KEY = /^key-[\da-f]{40}$/;

export interface JobRules {
  pipelineNamed: (name: string) => Pipeline;
  /** Ids that look like those of its packs are refused. */
  queueTopic: string;
  /** Default: those without a payload store. */
  limits?: JobLimits;
}

/** What a door knows about a job besides the request. */
export interface JobOrigin extends Pick<PackJob, 'traceparent' | 'tracestate'> {
  source: JobSource;
  /** Where the request has none. */
  id: string;
  /** Overrules that of the request. */
  tenant?: string;
}

/**
 * The job that a request asks for: the same rules at every door.
 *
 * @param json the request, as it was parsed
 * @throws HeadwayError naming the field: `HW_JOB_INVALID`, `HW_PIPELINE_UNKNOWN`, `HW_RECORD_TOO_LARGE`
 */
export function checkJob(
  json: unknown,
  { id, tenant, ...origin }: JobOrigin,
  { pipelineNamed, queueTopic, limits = jobLimits(false) }: JobRules,
): PackJob {
  const parsed = jobRequestSchema.safeParse(json);
  if (!parsed.success) {
    const { open, pipeline } = openPipeline((json as { pipeline?: unknown } | null)?.pipeline, pipelineNamed);
    const all = allIssues(json, parsed.error, pipelineNamed);
    const error = open ? all : withoutOwnKeys(all, pipeline);
    throw new HeadwayError('HW_JOB_INVALID', describeIssues(error), { cause: error });
  }
  const request = parsed.data;
  // As a workflow it would stand where the bridge looks for a pack.
  if (request.id?.startsWith(`${queueTopic}-`) && /-\d+-\d+-\d+$/.test(request.id)) {
    const message = `id: "${request.id}" has the form of a workflow id of this topic`;
    throw new HeadwayError('HW_JOB_INVALID', message);
  }
  // Whoever guesses a key of another tenant could take its job's id.
  if (request.id !== undefined && ID_FROM_KEY.test(request.id)) {
    throw new HeadwayError(
      'HW_JOB_INVALID',
      `id: "${request.id}" has the form of an id made from an Idempotency-Key`,
    );
  }
  const pipeline = pipelineNamed(request.pipeline);
  const refusal = inputRefusal(pipeline, request.input);
  if (refusal) throw refusal;
  const job: PackJob = {
    ...request,
    id: request.id ?? id,
    ...(tenant === undefined ? {} : { tenant }),
    ...origin,
  };
  const bytes = Buffer.byteLength(JSON.stringify(job));
  if (bytes <= limits.job) return job;
  const message = `the job has ${bytes} bytes; ${beyondLimit(limits.job, limits)}`;
  throw new HeadwayError('HW_RECORD_TOO_LARGE', message);
}
