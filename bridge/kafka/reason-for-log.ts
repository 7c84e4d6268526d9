import { z } from 'zod';
import { HeadwayError } from '../../contracts/errors';
import { describeIssues } from '../../contracts/job-request';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { openPipeline, withoutOwnKeys } from '../own-keys';

/**
 * What `readJson` says against a value, as it may be logged and stand in the headers of a dead letter: unless the job is known not to be
 * confidential it names no key of the sender's own.
 */
export function reasonForLog(
  error: unknown,
  value: Buffer | null,
  pipelineNamed: (name: string) => Pipeline,
): unknown {
  if (!(error instanceof HeadwayError) || !(error.cause instanceof z.ZodError)) return error;
  // What is nested too deep cannot be parsed, and has no path.
  if (error.cause.issues.every(({ path }) => path.length === 0)) return error;
  const { open, pipeline } = openPipeline(pipelineIn(value), pipelineNamed);
  if (open) return error;
  return new HeadwayError(error.code, describeIssues(withoutOwnKeys(error.cause, pipeline)), {
    cause: error,
  });
}

/** As it is said in the request, or in the request that a CloudEvent has as its data. */
function pipelineIn(value: Buffer | null): unknown {
  // A byte order mark, which `readJson` takes.
  const text = String(value).replace(/^\ufeff/, '');
  const json = JSON.parse(text) as { pipeline?: unknown; data?: { pipeline?: unknown } | null };
  return json.pipeline ?? json.data?.pipeline;
}
