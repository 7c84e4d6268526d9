import type { IHeaders } from 'kafkajs';
import { deadLetterHeaders, redriveHeaders } from '../../../contracts/headers';
import { lastHeaderText } from '../../../runtime/kafka/headers';
import type { ReadMessage } from '../../../runtime/kafka/read-ranges';
import { headerText } from '../queue-record';
import { saidInRecord } from '../said-in-record';

/** A record of the dead-letter topic. */
export interface DeadLetterRecord {
  partition: number;
  offset: number;
  /** Milliseconds since 1970, when it was dead-lettered. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  /** All of them, the error headers included. */
  headers: IHeaders;
  /** Error code: why it was no job. */
  code: string;
  reason: string;
  /** Where the record was. Undefined when the letter does not say so, as one that something else wrote. */
  from?: { topic: string; partition: number; offset: string };
  /** How often it was sent back to the queue before. */
  redrives: number;
}

export function readDeadLetter(partition: number, message: ReadMessage): DeadLetterRecord {
  const { key, value, offset, timestamp } = message;
  const headers = message.headers ?? {};
  const topic = lastHeaderText(headers, deadLetterHeaders.topic);
  const fromPartition = lastHeaderText(headers, deadLetterHeaders.partition) ?? '';
  const fromOffset = lastHeaderText(headers, deadLetterHeaders.offset) ?? '';
  const isPlace = topic !== undefined && /^\d+$/.test(fromPartition) && /^\d+$/.test(fromOffset);
  return {
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers,
    code: lastHeaderText(headers, deadLetterHeaders.class) ?? 'unknown',
    reason: lastHeaderText(headers, deadLetterHeaders.message) ?? '',
    from: isPlace ? { topic, partition: Number(fromPartition), offset: fromOffset } : undefined,
    redrives: redrivesOf(headers),
  };
}

/** The headers the record had: without ours, of which a record may have had one of its own before. */
export function ownHeaders(headers: IHeaders): IHeaders {
  const ours = new Set<string>(Object.values(deadLetterHeaders));
  // A name may be `__proto__`, which cannot be assigned.
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (!ours.has(name)) return [[name, value]];
      const earlier = Array.isArray(value) ? value.slice(0, -1) : [];
      if (earlier.length === 0) return [];
      return [[name, earlier.length === 1 ? earlier[0] : earlier]];
    }),
  );
}

/** The name of the pipeline the record asks for; undefined when it does not say so. */
export function pipelineOf(letter: Pick<DeadLetterRecord, 'value' | 'headers'>): string | undefined {
  return saidInRecord(letter).pipeline;
}

/** The topic did not take the value, so the bridge left it out: there is nothing to send. */
export function lacksValue({ value, code }: Pick<DeadLetterRecord, 'value' | 'code'>): boolean {
  return value === null && code !== 'HW_RECORD_EMPTY';
}

/** Anything but a small whole number counts as never: a header that a producer invented must not park its records. */
function redrivesOf(headers: IHeaders): number {
  const text = headerText(headers, redriveHeaders.count) ?? '';
  return /^\d{1,4}$/.test(text) ? Number(text) : 0;
}
