import { createHash } from 'node:crypto';
import type { IHeaders } from 'kafkajs';
import {
  CLOUD_EVENT_PREFIX,
  cloudEventAttributesSchema,
  cloudEventHeaders,
  STRUCTURED_CONTENT_TYPE,
  type CloudEventAttributes,
} from '../../contracts/cloud-event';
import { HeadwayError, sentence } from '../../contracts/errors';
import { jobIdSchema } from '../../contracts/job-request';
import { firstHeader, headerText, type QueueRecord } from './queue-record';
import { readJson } from './read-json';

/** An event whose data is a job request. */
export interface CloudEvent {
  /** Not looked at yet. */
  request: unknown;
  /** Of the job, where the request names none. */
  jobId: string;
  traceparent?: string;
  tracestate?: string;
}

type EventRecord = Pick<QueueRecord, 'headers' | 'value'>;

/**
 * The CloudEvents 1.0 event that a record is, in binary or structured content mode; undefined for a record that says nothing of
 * CloudEvents, which costs no more than looking for three headers.
 *
 * @throws HeadwayError `HW_CLOUD_EVENT_INVALID`, naming the attribute or header; what `readJson` throws
 */
export function readCloudEvent({ headers, value }: EventRecord): CloudEvent | undefined {
  const contentType = headerText(headers, cloudEventHeaders.contentType)?.trim();
  if (contentType && /^application\/cloudevents/i.test(contentType))
    return readStructured(contentType, value);
  const isBinary = cloudEventHeaders.specversion in headers || cloudEventHeaders.id in headers;
  return isBinary ? readBinary(contentType, headers, value) : undefined;
}

/**
 * Released: never change it, since a redelivered event is the same job by it. Readable where that is unambiguous and may be a job id.
 */
export function cloudEventJobId({ source, id }: Pick<CloudEventAttributes, 'source' | 'id'>): string {
  const readable = `${source}#${id}`;
  if (!source.includes('#') && jobIdSchema.safeParse(readable).success) return readable;
  // JSON keeps the two apart, and writes half a surrogate pair as text.
  return `sha256:${createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('hex')}`;
}

function readStructured(contentType: string, value: Buffer | null): CloudEvent {
  const [mediaType = ''] = contentType.toLowerCase().split(/[\s;]/, 1);
  if (mediaType.startsWith('application/cloudevents-batch')) {
    throw invalid(
      `content-type: ${mediaType} is a batch, which CloudEvents does not have for Kafka; send a record for each event`,
    );
  }
  if (mediaType !== STRUCTURED_CONTENT_TYPE) {
    throw invalid(
      `content-type: ${mediaType} cannot be read; send ${STRUCTURED_CONTENT_TYPE}, or use binary content mode`,
    );
  }
  const json = readJson(value);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalid('the record value: must be one event, a JSON object');
  }
  // In the JSON format null is as good as absent.
  const members = Object.entries(json).filter(([, member]) => member !== null);
  const { data, data_base64, ...rest } = Object.fromEntries(members) as Record<string, unknown>;
  const attributes = check(rest, (name) => name);
  if (data_base64 !== undefined) {
    throw invalid('data_base64: cannot be read; send the job request in data, as a JSON object');
  }
  if (data === undefined) throw invalid('data: is missing; it is the job request');
  return toEvent(attributes, data);
}

function readBinary(
  datacontenttype: string | undefined,
  headers: IHeaders,
  value: Buffer | null,
): CloudEvent {
  const names = ['specversion', 'id', 'source', 'type', 'traceparent', 'tracestate'];
  const attributes = names.flatMap((name) => {
    const found = attributeText(headers, `${CLOUD_EVENT_PREFIX}${name}`);
    return found === undefined ? [] : [[name, found] as const];
  });
  const headerOf = (name: string) =>
    name === 'datacontenttype' ? cloudEventHeaders.contentType : `${CLOUD_EVENT_PREFIX}${name}`;
  const checked = check({ ...Object.fromEntries(attributes), datacontenttype }, headerOf);
  return toEvent(checked, readJson(value));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Two ids must not become one by what cannot be read in them. */
function attributeText(headers: IHeaders, name: string): string | undefined {
  const value = firstHeader(headers, name);
  if (value === undefined || typeof value === 'string') return value;
  try {
    return utf8.decode(value);
  } catch (error) {
    throw invalid(`${name}: is not valid UTF-8`, error);
  }
}

function check(attributes: Record<string, unknown>, nameOf: (name: string) => string): CloudEventAttributes {
  const parsed = cloudEventAttributesSchema.safeParse(attributes);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  if (!(name in attributes)) throw invalid(`${nameOf(name)}: is missing`);
  throw invalid(`${nameOf(name)}: ${issue?.message}`);
}

function toEvent(attributes: CloudEventAttributes, request: unknown): CloudEvent {
  const { traceparent, tracestate } = attributes;
  return { request, jobId: cloudEventJobId(attributes), traceparent, tracestate };
}

function invalid(message: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CLOUD_EVENT_INVALID', sentence(message), { cause });
}
