import type { z } from 'zod';
import { HeadwayError, sentence } from '../contracts/errors';
import { describeIssues } from '../contracts/job-request';
import type { Pipeline } from '../pipelines/define-pipeline';
import { inputError, pathInSchema } from './input-error';

/**
 * Why a pipeline does not take an input: `HW_JOB_INVALID`, naming the fields at fault; its cause is the ZodError. Undefined when it takes it. For
 * a confidential pipeline it repeats nothing of the input, since it is logged.
 */
export function inputRefusal(pipeline: Pipeline, input: unknown): HeadwayError | undefined {
  const refusal = inputError(pipeline, input);
  if (!refusal) return undefined;
  // A message that the pipeline's author wrote may quote the input.
  const message = pipeline.policy.confidential
    ? nameFields(refusal, pipeline)
    : describeIssues(refusal, 'input');
  return new HeadwayError('HW_JOB_INVALID', message, { cause: refusal });
}

/** Which fields are at fault. Those that the sender named are not. */
function nameFields({ issues }: z.ZodError, { request }: Pipeline): string {
  const names = issues
    .slice(0, 5)
    .map(({ path }) => ['input', ...pathInSchema(request, path).map(String)].join('.'));
  return sentence(`not as the pipeline wants it, which is confidential: ${[...new Set(names)].join(', ')}`);
}
