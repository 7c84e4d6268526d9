import { z } from 'zod';
import { messageOf } from '../contracts/errors';
import type { Pipeline } from '../pipelines/define-pipeline';
import { inputError, pathInSchema } from './input-error';

/**
 * What is wrong with a request besides what its own schema says: that nobody has its pipeline, or what that one does not take of its input. So who
 * sent it learns of all at once, and not of the input only when the rest is right.
 *
 * @param json the request, as it was parsed
 * @param error what the schema of job requests said of it
 */
export function allIssues(
  json: unknown,
  error: z.ZodError,
  pipelineNamed: (name: string) => Pipeline,
): z.ZodError {
  const { pipeline, input } = (json ?? {}) as Record<string, unknown>;
  const isTold = (field: string) => error.issues.some(({ path }) => path[0] === field);
  if (typeof pipeline !== 'string' || isTold('pipeline')) return error;
  let named: Pipeline;
  try {
    named = pipelineNamed(pipeline);
  } catch (unknown) {
    const message = messageOf(unknown).replace(/^pipeline: /, '');
    return new z.ZodError([
      ...error.issues,
      { code: 'custom', path: ['pipeline'], message, input: pipeline },
    ]);
  }
  if (isTold('input')) return error;
  const found = inputError(named, input)?.issues ?? [];
  // What its author wrote may quote the input, and the message is logged.
  const hidden = ({ path }: z.core.$ZodIssue) =>
    named.policy.confidential && {
      message: 'not as the pipeline wants it, which is confidential',
      path: ['input', ...pathInSchema(named.request, path)],
    };
  const ofInput = found.map((issue) => ({ ...issue, path: ['input', ...issue.path], ...hidden(issue) }));
  return new z.ZodError([...error.issues, ...ofInput]);
}
