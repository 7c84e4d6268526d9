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

/** The beginning of an issue's path that says nothing of the input: fields that stand in the schema, and places in lists. */
export function pathInSchema(schema: unknown, path: PropertyKey[]): PropertyKey[] {
  const [step, ...rest] = path;
  if (step === undefined) return [];
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, unknown>;
    if (typeof step !== 'string' || !Object.hasOwn(shape, step)) return [];
    return [step, ...pathInSchema(shape[step], rest)];
  }
  if (schema instanceof z.ZodArray && typeof step === 'number') {
    return [step, ...pathInSchema(schema.element, rest)];
  }
  const wraps = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return wraps ? pathInSchema(schema.unwrap(), path) : [];
}
