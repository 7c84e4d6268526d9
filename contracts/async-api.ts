import { z } from 'zod';
import { CLOUD_EVENT_PREFIX, cloudEventAttributesSchema, cloudEventHeaders } from './cloud-event';
import { deadLetterSchema } from './dead-letter';
import { deadLetterHeaders, redriveHeaders, resultHeaders, traceHeaders } from './headers';
import { jobRequestSchema } from './job-request';
import { jobResultSchema, terminalStatusSchema } from './job-result';

export interface AsyncApiOptions {
  /** Names of the topics. */
  topics: { queue: string; results: string; deadLetters: string; parking: string };
  /** Of Headway. */
  version: string;
}

type Json = Record<string, unknown>;

/** The topics as an AsyncAPI 3.0 document: what may be sent and what comes back, made of the schemas that records are checked with. */
export function asyncApiDocument({ topics, version }: AsyncApiOptions): Json {
  const channel = (address: string, description: string, ...names: MessageName[]) => ({
    address,
    description,
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
  });
  const operation = (action: 'send' | 'receive', name: string, summary: string) => ({
    action,
    channel: { $ref: `#/channels/${name}` },
    summary,
  });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Headway',
      version,
      description: 'Jobs that come in on a Kafka topic, and their results.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      queue: channel(
        topics.queue,
        'Jobs. The key of a record decides on its partition only.',
        'jobRequest',
        'cloudEventBinary',
        'cloudEventStructured',
      ),
      results: channel(topics.results, 'One result for each job, keyed by the job id.', 'jobResult'),
      deadLetters: channel(topics.deadLetters, 'Records that can never be a job, and why.', 'deadLetter'),
      parked: channel(
        topics.parking,
        'Dead letters that were sent back to the queue too often.',
        'parkedLetter',
      ),
    },
    // As Headway does them: who uses it sends to the queue, and receives from the others.
    operations: {
      receiveJobs: operation('receive', 'queue', 'Takes jobs.'),
      sendResults: operation('send', 'results', 'Publishes the result of each job.'),
      sendDeadLetters: operation('send', 'deadLetters', 'Puts aside what can never be a job.'),
      parkDeadLetters: operation('send', 'parked', 'Puts aside what came back too often.'),
    },
    components: { messages: messages(), schemas: schemas() },
  };
}

const text = z.string();
const trace = {
  [traceHeaders.traceparent]: text.optional().describe('W3C Trace Context.'),
  [traceHeaders.tracestate]: text.optional(),
};
const redriveCount = {
  [redriveHeaders.count]: z
    .string()
    .regex(/^\d+$/)
    .optional()
    .describe('How often the record was sent back from the dead-letter topic.'),
};

const letterHeaders = Object.fromEntries(
  Object.entries(deadLetterHeaders).map(([field, header]) => {
    // The value of a header is a text.
    const schema =
      field === 'partition' ? text.regex(/^\d+$/) : deadLetterSchema.shape[field as 'topic' | 'class'];
    return [header, schema];
  }),
);

const { datacontenttype, ...eventAttributes } = cloudEventAttributesSchema.shape;
const eventHeaders = Object.fromEntries(
  Object.entries(eventAttributes).map(([name, schema]) => [`${CLOUD_EVENT_PREFIX}${name}`, schema]),
);

/** By the names they have in the document. Headers that are not named may be there too. */
const named = {
  JobRequest: jobRequestSchema,
  JobResult: jobResultSchema,
  CloudEvent: cloudEventAttributesSchema.extend({ data: jobRequestSchema }),
  JobRequestHeaders: z.looseObject({ ...trace, ...redriveCount }),
  CloudEventHeaders: z.looseObject({
    ...eventHeaders,
    [cloudEventHeaders.contentType]: datacontenttype,
    ...trace,
  }),
  StructuredEventHeaders: z.looseObject({
    [cloudEventHeaders.contentType]: text
      .regex(/^application\/cloudevents\+json/i)
      .describe('`application/cloudevents+json`, with or without a charset.'),
    ...trace,
  }),
  JobResultHeaders: z.looseObject({
    [resultHeaders.status]: terminalStatusSchema,
    [resultHeaders.pipeline]: text,
    ...trace,
  }),
  DeadLetterHeaders: z.looseObject({ ...letterHeaders, ...redriveCount }),
} satisfies Record<string, z.ZodType>;

type SchemaName = keyof typeof named;

function schemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    // What AsyncAPI understands without being told.
    target: 'draft-7',
    // A reader must take a result with fields that a later version adds.
    io: 'input',
    // Ids that schemas have elsewhere would become references within themselves.
    metadata: z.registry(),
    override: ({ zodSchema, jsonSchema }) => {
      const description = z.globalRegistry.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
    },
  });
  const entries = Object.entries(made.schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [
    name,
    schema,
  ]);
  return Object.fromEntries(entries) as Json;
}

const ref = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

/** The value of a dead letter is that of the record, which may be anything. */
const anyBytes = { description: 'The value of the record, byte for byte. It may be no JSON, or missing.' };

function messages() {
  return {
    jobRequest: message('A job request', ref('JobRequest'), 'JobRequestHeaders'),
    cloudEventBinary: message(
      'A job request as the data of a CloudEvent, in binary content mode',
      ref('JobRequest'),
      'CloudEventHeaders',
    ),
    cloudEventStructured: message(
      'A job request as the data of a CloudEvent, in structured content mode',
      ref('CloudEvent'),
      'StructuredEventHeaders',
      'application/cloudevents+json',
    ),
    jobResult: message('The result of a job', ref('JobResult'), 'JobResultHeaders'),
    deadLetter: message(
      'A record that can never be a job',
      anyBytes,
      'DeadLetterHeaders',
      'application/octet-stream',
    ),
    parkedLetter: message(
      'A dead letter that came back too often',
      anyBytes,
      'DeadLetterHeaders',
      'application/octet-stream',
    ),
  };
}

type MessageName = keyof ReturnType<typeof messages>;

function message(title: string, payload: Json, headers: SchemaName, contentType = 'application/json') {
  return { title, contentType, headers: ref(headers), payload };
}
