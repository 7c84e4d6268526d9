import { z } from 'zod';
import { messageOf } from '../contracts/errors';
import type { Pipeline } from '../pipelines/define-pipeline';

/**
 * What a pipeline's schema says against an input; undefined when it takes it. A schema that throws over an input has not taken it: the next try would
 * end the same.
 */
export function inputError({ request }: Pipeline, input: unknown): z.ZodError | undefined {
  try {
    return request.safeParse(input).error;
  } catch (error) {
    return new z.ZodError([
      { code: 'custom', path: [], message: `cannot be checked: ${messageOf(error)}`, input },
    ]);
  }
}
