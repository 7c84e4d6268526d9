import { z } from 'zod';
import { jobStatusSchema } from '../contracts/job-view';

/** As much of a result as is told of here. It may be of another version, with codes, stages and fields that this one does not know. */
export const anyResultSchema = z.looseObject({
  output: z.unknown().optional(),
  error: z
    .looseObject({
      type: z.string(),
      message: z.string(),
      stage: z.string().optional(),
      attempts: z.number().optional(),
    })
    .optional(),
  timings: z.looseObject({ totalMs: z.number() }).optional(),
});
export type AnyResult = z.infer<typeof anyResultSchema>;

/** As much of a job as is needed to wait for its end, likewise. */
export const anyJobSchema = z.looseObject({
  id: z.string(),
  status: jobStatusSchema,
  lastError: z.looseObject({ type: z.string(), message: z.string() }).optional(),
  result: anyResultSchema.optional(),
});
export type AnyJob = z.infer<typeof anyJobSchema>;

/** The value as it came, in its order and with all that the schema does not name. Undefined where it does not match. */
export function asItCame<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> | undefined {
  return schema.safeParse(value).success ? (value as z.output<Schema>) : undefined;
}
