import { z } from 'zod';
import { jobRequestFields } from '../contracts/job-request';
import type { Pipeline } from '../pipelines/define-pipeline';
import { pathInSchema } from './input-error';

/** The pipeline of that name, unless it is confidential, or not installed: then nobody knows whether it is. */
export function openPipeline(
  name: unknown,
  pipelineNamed: (name: string) => Pipeline,
): { open: boolean; pipeline?: Pipeline } {
  if (typeof name !== 'string') return { open: false };
  try {
    const pipeline = pipelineNamed(name);
    return { open: pipeline.policy.confidential !== true, pipeline };
  } catch {
    return { open: false };
  }
}

/**
 * The same problems of a job request without the keys that its sender chose, in `input`, `metadata` or beside the fields that there are: they may say
 * what the job is about, and reasons are logged.
 *
 * @param pipeline whose schema says which keys of the input are not the sender's own
 */
export function withoutOwnKeys({ issues }: z.ZodError, pipeline?: Pipeline): z.ZodError {
  return new z.ZodError(
    issues.map((issue) => ({
      ...{ code: 'custom' as const, input: undefined, path: fixedPath(issue.path, pipeline) },
      message: issue.code === 'unrecognized_keys' ? 'has a key that it may not have' : issue.message,
    })),
  );
}

function fixedPath([field, ...rest]: PropertyKey[], pipeline?: Pipeline): PropertyKey[] {
  // Of a CloudEvent.
  if (field === 'data') return [field, ...fixedPath(rest, pipeline)];
  if (typeof field !== 'string' || !Object.hasOwn(jobRequestFields.shape, field)) return [];
  return field === 'input' ? [field, ...pathInSchema(pipeline?.request, rest)] : [field];
}
