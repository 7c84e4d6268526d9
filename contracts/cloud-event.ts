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
  /** Together with `source`, the id of the job where the job request has none. */
  id: text,
  source: text,
  type: text,
  /** JSON where absent. In binary content mode it is the header `content-type`. */
  datacontenttype: z
    .string({ error: 'must be a text' })
    .regex(/^[^/\s;]+\/(?:[^/\s;]+\+)?json\s*(?:;|$)/i, 'must be JSON, such as application/json')
    .optional(),
  /** W3C trace context, where the record has no header `traceparent`. */
  traceparent: z.string({ error: 'must be a text' }).optional(),
  tracestate: z.string({ error: 'must be a text' }).optional(),
});

export type CloudEventAttributes = z.infer<typeof cloudEventAttributesSchema>;
