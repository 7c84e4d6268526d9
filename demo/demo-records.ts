import { messageOf } from '../contracts/errors';
import { describeIssues, jobRequestSchema } from '../contracts/job-request';
import type { Pipeline } from '../pipelines/define-pipeline';

/** A record for the queue topic that is a job: it has to end in exactly one result. */
export interface DemoJob {
  value: Buffer;
  jobId: string;
  /** For messages: `special.jsonl, line 3`. */
  origin: string;
}

/** A record that has to end as a dead letter. */
export interface NotAJob {
  value: Buffer;
  /** Which part of the contract it breaks. */
  problem: string;
  origin: string;
}

export type DemoRecord = DemoJob | NotAJob;

export function isJob(record: DemoRecord): record is DemoJob {
  return 'jobId' in record;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Predicts, by the schemas of the contract, whether the bridge will take the line as a job.
 *
 * @param idIfNone the id for a job without one: the bridge would make one that is not known before the job is sent
 */
export function classify(
  value: Buffer,
  origin: string,
  idIfNone: string,
  pipelineNamed: (name: string) => Pipeline,
): DemoRecord {
  try {
    const request = jobRequestSchema.safeParse(JSON.parse(utf8.decode(value)));
    if (!request.success) return { value, origin, problem: describeIssues(request.error) };
    const { pipeline, input, id } = request.data;
    const checked = pipelineNamed(pipeline).request.safeParse(input);
    if (!checked.success) return { value, origin, problem: describeIssues(checked.error, 'input') };
    return id === undefined
      ? withId({ value, origin, jobId: idIfNone }, idIfNone)
      : { value, origin, jobId: id };
  } catch (error) {
    return { value, origin, problem: messageOf(error) };
  }
}

/** The same job under another id. */
export function withId(job: DemoJob, jobId: string): DemoJob {
  const request = JSON.parse(utf8.decode(job.value)) as Record<string, unknown>;
  return { ...job, jobId, value: Buffer.from(JSON.stringify({ ...request, id: jobId })) };
}
