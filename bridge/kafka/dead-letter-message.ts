import type { IHeaders } from 'kafkajs';
import { toDeadLetterHeaders } from '../../contracts/dead-letter';
import { deadLetterHeaders } from '../../contracts/headers';
import { withNullHeaders } from '../../runtime/kafka/headers';
import type { Poison } from './cut-pack';

export interface DeadLetterMessage {
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
  /** The error headers, by name. */
  added: Record<string, string>;
}

/** The record as it was, and why it is no job. Of a header that it had under one of our names all values stay; ours is the last. */
export function toMessage({ record, error }: Poison, group: string): DeadLetterMessage {
  const { topic, partition, offset, key, value } = record;
  const added = toDeadLetterHeaders({
    topic,
    partition,
    offset: String(offset),
    group,
    message: error.message,
    class: error.code,
    stage: 'bridge',
    timestamp: new Date().toISOString(),
  });
  const headers = withNullHeaders(record.headers);
  for (const [name, text] of Object.entries(added)) {
    const earlier = headers[name];
    headers[name] = earlier === undefined ? text : [earlier, text].flat();
  }
  return { key, value, headers, added };
}

/** For a topic that does not take a record of that size: without the value, which the message says. */
export function withoutValue({ key, value, headers, added }: DeadLetterMessage): DeadLetterMessage {
  const name = deadLetterHeaders.message;
  const text = `${added[name]} (left out: the value, ${value?.length ?? 0} bytes)`;
  const earlier = headers[name];
  const changed = Array.isArray(earlier) ? [...earlier.slice(0, -1), text] : text;
  return { key, value: null, headers: { ...headers, [name]: changed }, added: { ...added, [name]: text } };
}

/** The last resort: only where the record was, and why it is no job. */
export function withoutRecord({ key, value, headers, added }: DeadLetterMessage): DeadLetterMessage {
  const name = deadLetterHeaders.message;
  const count = Object.values(headers).flat().length - Object.keys(added).length;
  const sizes = `the value, ${value?.length ?? 0} bytes; the key, ${key?.length ?? 0} bytes; ${count} headers`;
  const only = { ...added, [name]: `${added[name]} (left out: ${sizes})` };
  return { key: null, value: null, headers: only, added: only };
}

/** A little more than it takes in a batch. */
export function messageBytes({ key, value, headers }: DeadLetterMessage): number {
  const lengths = Object.entries(headers).flatMap(([name, values]) =>
    [values ?? ''].flat().map((one) => Buffer.byteLength(name) + Buffer.byteLength(one) + 10),
  );
  return lengths.reduce((sum, length) => sum + length, (key?.length ?? 0) + (value?.length ?? 0) + 50);
}
