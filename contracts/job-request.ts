import { z } from 'zod';
import { sentence } from './errors';

/** Longest job id in UTF-8 bytes: a workflow id may have 255 characters, and 50 ids share one search attribute. */
export const JOB_ID_MAX_BYTES = 200;

const utf8 = new TextEncoder();

/** What search attributes take on every database: PostgreSQL refuses NUL in them, and nobody can search for half a character. */
const isPrintable = (text: string): boolean => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

export const jobIdSchema = z
  .string()
  .min(1)
  .refine(
    (id) => utf8.encode(id).length <= JOB_ID_MAX_BYTES,
    `must be at most ${JOB_ID_MAX_BYTES} bytes of UTF-8`,
  )
  .refine((id) => isPrintable(id) && id.trim() === id, {
    message: 'must not contain control characters, nor begin or end with white space',
  });

/** The fields by themselves; what must hold between them is in `jobRequestSchema`. */
export const jobRequestFields = z.strictObject({
  id: jobIdSchema
    .optional()
    .describe(
      'Stable id of the job, the key of its result. Made from where the request came from when absent.',
    ),
  pipeline: z.string().min(1).max(64).describe('Name of an installed pipeline.'),
  input: z.record(z.string(), z.unknown()).describe('Checked against the request schema of the pipeline.'),
  tenant: z
    .string()
    .min(1)
    .max(64)
    .refine(isPrintable, 'must not contain control characters')
    .optional()
    .describe('Jobs can be found by it; comes back in the result.'),
  priority: z.int().min(1).max(5).optional().describe('1 is the most urgent, 5 the least.'),
  deadline: z.iso
    .datetime({ offset: true, error: 'must be ISO 8601 with an offset, such as 2026-01-31T12:00:00Z' })
    .optional()
    .describe(
      'A job that is not finished by then ends as `expired`. ISO 8601 with offset; later than `notBefore`.',
    ),
  notBefore: z.iso
    .datetime({ offset: true, error: 'must be ISO 8601 with an offset, such as 2026-01-31T12:00:00Z' })
    .optional()
    .describe('The job is not begun before then. ISO 8601 with offset.'),
  maxCostUsd: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(
      'US dollars that its LLM calls may cost; where the pipeline says less, that holds. The job fails rather than make a call that may go beyond.',
    ),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((metadata) => Object.keys(metadata).length <= 32, 'must have at most 32 entries')
    .optional()
    .describe('Up to 32 short texts that come back unchanged in the result.'),
});

/**
 * What a producer sends: the value of a record on the queue topic, or the body of a request at the HTTP door. Nothing in it depends on the
 * clock, since a record that is read again later must be judged the same.
 */
export const jobRequestSchema = jobRequestFields.refine(
  ({ notBefore, deadline }) =>
    notBefore === undefined || deadline === undefined || Date.parse(deadline) > Date.parse(notBefore),
  { path: ['deadline'], message: 'must be later than notBefore' },
);

/**
 * What a job must bring: the value of a record on the queue topic, the body of `POST /v1/jobs`.
 *
 * @useDeclaredType
 */
export type JobRequest = z.infer<typeof jobRequestSchema>;

/** Where a job came from. `offset` is a string, since Kafka offsets are 64-bit. `timestamp` in ms since 1970. */
export const jobSourceSchema = z.discriminatedUnion('door', [
  z.object({
    door: z.literal('kafka'),
    topic: z.string(),
    partition: z.int().nonnegative(),
    offset: z.string().regex(/^\d+$/),
    timestamp: z.number(),
  }),
  z.object({ door: z.literal('http'), timestamp: z.number() }),
]);

export type JobSource = z.infer<typeof jobSourceSchema>;

/** A sentence that names each field at fault, for dead letters, HTTP problems and log lines. */
export function describeIssues(error: z.ZodError, at = ''): string {
  const sentences = error.issues
    .slice(0, 5)
    .map((issue) => {
      const path = [at, ...issue.path.map(nameOf)].filter(Boolean).join('.');
      return `${path || 'the job request'}: ${issue.message}`;
    })
    .join('; ');
  return sentence(sentences);
}

/** A key of the sender's own may be so long that it leaves no room for what is wrong with it. */
function nameOf(part: PropertyKey): string {
  const name = String(part);
  return name.length > 100 ? `${name.slice(0, 100)}...` : name;
}
