import { z } from 'zod';
import { errorCodes, type ErrorCode } from './errors';
import { jobViewSchema } from './job-view';

/** One field or parameter that is wrong. */
export const fieldProblemSchema = z.object({
  detail: z.string(),
  /** JSON pointer into the body, as a URI fragment: `#/input/company`. */
  pointer: z.string().optional(),
  /** Parameter of the path or the query, or header. */
  parameter: z.string().optional(),
});
export type FieldProblem = z.infer<typeof fieldProblemSchema>;

/** What went wrong with an HTTP request, as `application/problem+json`. https://www.rfc-editor.org/rfc/rfc9457 */
export const problemSchema = z
  .object({
    /** `urn:headway:problem:<code>`; stable. */
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    /** A code of the registry in contracts/errors.ts. */
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    /** What to do. */
    action: z.string(),
    errors: z.array(fieldProblemSchema).optional(),
    /** The job it is about. With `HW_SERVER_UNREACHABLE`: it may have been started; send the same request again with this id. */
    id: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

/** What became of one line of a batch: a line of the answer. */
export const batchVerdictSchema = z
  .object({
    /** Of the request; the first is 1. */
    line: z.int().positive(),
    /** As the status of a request of its own. */
    status: z.int().min(200).max(599),
    job: jobViewSchema.optional(),
    problem: problemSchema.optional(),
  })
  .meta({ id: 'BatchVerdict' });
export type BatchVerdict = z.infer<typeof batchVerdictSchema>;
