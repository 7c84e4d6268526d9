import type { z } from 'zod';
import { HeadwayError, sentence } from '../../contracts/errors';
import { describeIssues, jobRequestSchema, type JobRequest } from '../../contracts/job-request';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { allIssues } from '../all-issues';
import { readJson } from '../kafka/read-json';
import { pointerTo, RequestProblem } from './problems';

/**
 * The JSON of a body, by the same rules as that of a record: what one door takes, the other takes.
 *
 * @throws HeadwayError `HW_REQUEST_INVALID` when it is no JSON; `HW_JOB_INVALID` for what cannot be kept exactly
 */
export function readBody(body: Buffer): unknown {
  try {
    return readJson(body);
  } catch (error) {
    if (!(error instanceof HeadwayError) || error.code === 'HW_JOB_INVALID') throw error;
    throw new HeadwayError('HW_REQUEST_INVALID', error.message.replace('the record value', 'the body'), {
      cause: error,
    });
  }
}

/** @throws RequestProblem `HW_JOB_INVALID` with each invalid field, those of the input too */
export function requireJobRequest(json: unknown, pipelineNamed: (name: string) => Pipeline): JobRequest {
  const parsed = jobRequestSchema.safeParse(json);
  if (!parsed.success) throw invalidJob(allIssues(json, parsed.error, pipelineNamed));
  return parsed.data;
}

function invalidJob(error: z.ZodError): RequestProblem {
  const errors = error.issues.slice(0, 100).flatMap((issue) => {
    // Zod reports keys that nobody knows all together, at the object that has them.
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => ({ pointer: pointerTo(path), detail: sentence(issue.message) }));
  });
  return new RequestProblem('HW_JOB_INVALID', describeIssues(error), { errors });
}
