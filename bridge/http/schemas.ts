import { z } from 'zod';
import { jobIdSchema, jobRequestSchema } from '../../contracts/job-request';
import { jobStatusSchema, jobViewSchema } from '../../contracts/job-view';
import { problemSchema } from '../../contracts/problem';
import { PROBLEM_JSON } from './problems';

/** What the routes take and give, as the OpenAPI document shows it. */

export const jobParams = z.object({
  id: jobIdSchema.describe('Id of the job, percent-encoded.'),
});

const wait = z
  .string()
  .max(200)
  .optional()
  .describe('`wait=30` waits up to so many seconds, at most 60, for the end of the job.')
  .meta({ examples: ['wait=30'] });

export const preferHeaders = z.object({ prefer: wait });

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'must be 1 to 255 printable ASCII characters')
  .optional()
  .describe(
    'Chosen by the sender: the same request with the same key gives the same job, another request with it is 422.',
  );

export const submitHeaders = z.object({ prefer: wait, 'idempotency-key': idempotencyKey });

export const batchHeaders = z.object({
  'idempotency-key': idempotencyKey.describe('Line 7 has the key `<Idempotency-Key>:7`.'),
});

export const eventsHeaders = z.object({
  'last-event-id': z
    .string()
    .max(500)
    .optional()
    .describe('The `id` of the event seen last: it is not sent again.'),
});

export const listQuery = z.strictObject({
  pipeline: z.string().min(1).max(64).optional(),
  tenant: z.string().min(1).max(64).optional(),
  status: jobStatusSchema.optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('Started at or after this time.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Started before this time.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(4_000).optional().describe('`nextCursor` of the page before.'),
});

export const jobPageSchema = z
  .object({
    jobs: z.array(jobViewSchema),
    /** Absent on the last page. */
    nextCursor: z.string().optional(),
    /** Workflows whose jobs are left out: they have ended and no worker tells about them at present, or their payload store is away. */
    unanswered: z.array(z.string()).optional(),
  })
  .meta({ id: 'JobPage' });

export const pipelineListSchema = z
  .object({
    pipelines: z.array(
      z.object({
        name: z.string(),
        /** JSON Schema of `input`. */
        request: z.record(z.string(), z.unknown()),
        /** JSON Schema of what the model answers. */
        response: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: 'PipelineList' });

export const webhookHeaders = z.object({
  'webhook-id': z.string().optional().describe('Of the webhook; part of what is signed.'),
  'webhook-timestamp': z.string().optional().describe('Seconds of the epoch; part of what is signed.'),
  'webhook-signature': z.string().optional().describe('`v1,` and base64; several are separated by spaces.'),
});

export const webhookEventSchema = z
  .looseObject({
    type: z.string().meta({ examples: ['response.completed'] }),
    data: z.looseObject({ id: z.string().describe('Id of the response at the provider.') }),
  })
  .meta({ id: 'LlmWebhook' });

/** A request as it is sent. The registered name makes it a component of the document. */
export const jobRequestBody = jobRequestSchema.meta({ id: 'JobRequest' });

function answers(statuses: number[]) {
  const problem = { description: 'Problem', content: { [PROBLEM_JSON]: { schema: problemSchema } } };
  return Object.fromEntries(statuses.map((status) => [status, problem]));
}

/** The problems that every route may answer with, and those of its own. */
export const problems = (...own: number[]) => answers([401, 403, 429, 431, 500, 503, ...own]);

/** Those of the route that needs no key. */
export const webhookProblems = answers([400, 429, 431, 500, 503]);

/** Those of a route that reads a body as a whole. */
export const bodyProblems = answers([408, 413, 415]);
