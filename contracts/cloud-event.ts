import { z } from 'zod';

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md */
export const cloudEventHeaders = {
  contentType: 'content-type',
  id: 'ce_id',
  specversion: 'ce_specversion',
} as const;

/** What the name of every attribute begins with as a header, in binary content mode. */
export const CLOUD_EVENT_PREFIX = 'ce_';

export const STRUCTURED_CONTENT_TYPE = 'application/cloudevents+json';

const text = z.string({ error: 'must be a text' }).min(1, 'must not be empty');

/**
 * The attributes of a CloudEvents 1.0 event whose data is a job request, as far as they are used. The other ones (`time`, `subject`,
 * `dataschema`, extensions) may hold anything.
 */
export const cloudEventAttributesSchema = z.looseObject({
  specversion: z.literal('1.0', { error: 'must be "1.0"' }),
  id: text.describe('Together with `source` the id of the job, where the job request has none.'),
  source: text,
  type: text,
  datacontenttype: z
    .string({ error: 'must be a text' })
    .regex(/^[^/\s;]+\/(?:[^/\s;]+\+)?[jJ][sS][oO][nN]\s*(?:;|$)/, 'must be JSON, such as application/json')
    .optional()
    .describe(
      'A type of JSON, which it is when absent. In binary content mode it is the header `content-type`.',
    ),
  traceparent: z
    .string({ error: 'must be a text' })
    .optional()
    .describe('W3C Trace Context, where the record has no header `traceparent`.'),
  tracestate: z.string({ error: 'must be a text' }).optional(),
});

export type CloudEventAttributes = z.infer<typeof cloudEventAttributesSchema>;
