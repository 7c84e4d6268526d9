import type { IHeaders } from 'kafkajs';
import { readCloudEvent } from './cloud-event';

/** What a record says of itself. */
export interface SaidInRecord {
  /** Id of the job, when the record gives one: its own, or that of its CloudEvent. */
  jobId?: string;
  pipeline?: string;
}

/** Takes a record at its word, also one that can never be a job: nothing is checked, and nothing is thrown. */
export function saidInRecord(record: { value: Buffer | null; headers?: IHeaders }): SaidInRecord {
  const { value, headers = {} } = record;
  if (value === null) return {};
  try {
    const event = readCloudEvent({ value, headers });
    const request = (event ? event.request : JSON.parse(value.toString())) as Record<string, unknown>;
    const { id, pipeline } = request;
    return { jobId: textOf(id) ?? event?.jobId, pipeline: textOf(pipeline) };
  } catch {
    // Not JSON, or null, or a broken event: it says nothing.
    return {};
  }
}

const textOf = (said: unknown) => (typeof said === 'string' ? said : undefined);
