import type { KafkaMessage } from 'kafkajs';

/** Where a broker writes down every commit. https://kafka.apache.org/documentation/#impl_offsettracking */
export const COMMITS_TOPIC = '__consumer_offsets';

export interface LoggedCommit {
  group: string;
  topic: string;
  partition: number;
  /** The next one the group will read. */
  offset: number;
  /** When the broker took it, milliseconds since 1970. */
  at: number;
}

/**
 * A commit as the broker has written it down; undefined for its other records: members of groups, offsets deleted.
 * The forms are `OffsetCommitKey` and `OffsetCommitValue` of
 * https://github.com/apache/kafka/tree/trunk/group-coordinator/src/main/resources/common/message
 */
export function readCommit({ key, value, timestamp }: KafkaMessage): LoggedCommit | undefined {
  if (!key || !value || key.length < 2 || key.readInt16BE(0) > 1) return undefined;
  const [group, afterGroup] = text(key, 2);
  const [topic, afterTopic] = text(key, afterGroup);
  const partition = key.readInt32BE(afterTopic);
  // The offset stands first in all versions.
  return { group, topic, partition, offset: Number(value.readBigInt64BE(2)), at: Number(timestamp) };
}

function text(bytes: Buffer, at: number): [string, number] {
  const end = at + 2 + bytes.readInt16BE(at);
  return [bytes.toString('utf8', at + 2, end), end];
}
