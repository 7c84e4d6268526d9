import type { IHeaders } from 'kafkajs';
import { toDeadLetterHeaders } from '../../../../contracts/dead-letter';
import type { ErrorCode } from '../../../../contracts/errors';
import { redriveHeaders } from '../../../../contracts/headers';
import type { ReadMessage } from '../../../../runtime/kafka/read-ranges';

export interface LetterFacts {
  key?: string | null;
  value?: Buffer | string | null;
  /** Those of the record itself. */
  headers?: IHeaders;
  topic: string;
  partition?: number;
  /** Where the record was. */
  offset?: number;
  code?: ErrorCode;
  redrives?: number;
}

/** A dead letter as the bridge writes it. */
export function letterMessage(facts: LetterFacts) {
  const { key = null, value = 'not json', headers = {}, topic, partition = 0, offset = 7, redrives } = facts;
  const added = toDeadLetterHeaders({
    topic,
    partition,
    offset: String(offset),
    group: 'headway-bridge',
    message: 'the record value is not JSON',
    class: facts.code ?? 'HW_RECORD_NOT_JSON',
    stage: 'bridge',
    timestamp: new Date().toISOString(),
  });
  const count = redrives === undefined ? {} : { [redriveHeaders.count]: String(redrives) };
  return { key, value, headers: { ...headers, ...count, ...added } };
}

/** As it comes out of Kafka. */
export function letterRecord(facts: LetterFacts, timestamp = 1_700_000_000_000): ReadMessage {
  const { key, value, headers } = letterMessage(facts);
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers,
    offset: '0',
    timestamp: String(timestamp),
  };
}
