import type { IHeaders } from 'kafkajs';
import { redriveHeaders } from '../../../contracts/headers';
import { withNullHeaders } from '../../../runtime/kafka/headers';
import { lacksValue, ownHeaders, type DeadLetterRecord } from './dead-letter';
import { markerKey, type Markers } from './markers';

export interface PlanOptions {
  topics: { queue: string; parking: string };
  /** Partitions the queue topic has. */
  queuePartitions: number;
  /** Bytes that a record of the queue topic may have, and one of the parking topic. */
  maxBytes: { queue: number; parking: number };
  /** A letter that was sent back so often goes to the parking topic instead. */
  maxRedrives: number;
  /** Records that are not sent (once more). Those that this run sends come to it: a record may have two letters. */
  sent: Markers;
}

/** Why a letter that was asked for stays where it is. */
export type Kept = 'alreadySent' | 'otherTopic' | 'withoutValue' | 'tooLarge';

export interface Move {
  to: 'queue' | 'parking';
  topic: string;
  record: {
    key: Buffer | null;
    value: Buffer | null;
    headers: IHeaders;
    /** Absent: whatever the key says. */
    partition?: number;
  };
  /** Key of the record that says that this letter was sent. */
  marker: string;
  /** A little more than it takes in a batch. */
  bytes: number;
}

/** What happens to one letter: it goes back to where it came from as it was, is parked, or is kept, and why. Notes what goes. */
export function planMove(letter: DeadLetterRecord, options: PlanOptions): Move | Kept {
  const { topics, maxBytes, maxRedrives, sent } = options;
  if (letter.from?.topic !== topics.queue) return 'otherTopic';
  if (lacksValue(letter)) return 'withoutValue';
  if (sent.has(letter)) return 'alreadySent';
  const move = letter.redrives >= maxRedrives ? park(letter, options) : sendBack(letter, options);
  if (move.bytes > maxBytes[move.to]) return 'tooLarge';
  sent.add(move.marker);
  return move;
}

/** Key, value and headers as they were when the bridge read them, and the count. */
function sendBack(letter: DeadLetterRecord, { topics, queuePartitions }: PlanOptions): Move {
  const { key, value, from } = letter;
  const headers = {
    ...withNullHeaders(ownHeaders(letter.headers)),
    [redriveHeaders.count]: String(letter.redrives + 1),
  };
  // Where its producer had put it, in case that was on purpose.
  const partition = from && from.partition < queuePartitions ? from.partition : undefined;
  return toMove('queue', topics.queue, { key, value, headers, partition }, letter);
}

/** With the error headers: a person looks at it next. */
function park(letter: DeadLetterRecord, { topics }: PlanOptions): Move {
  const { key, value, headers } = letter;
  return toMove('parking', topics.parking, { key, value, headers: withNullHeaders(headers) }, letter);
}

function toMove(to: Move['to'], topic: string, record: Move['record'], letter: DeadLetterRecord): Move {
  const { key, value, headers } = record;
  const lengths = Object.entries(headers).flatMap(([name, values]) =>
    [values ?? ''].flat().map((one) => Buffer.byteLength(name) + Buffer.byteLength(one) + 10),
  );
  // 61 bytes for the batch that the record is in, some more for the record.
  const bytes = lengths.reduce(
    (sum, length) => sum + length,
    (key?.length ?? 0) + (value?.length ?? 0) + 120,
  );
  return { to, topic, record, marker: markerKey(letter), bytes };
}
