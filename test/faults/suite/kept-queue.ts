import type { Kafka } from 'kafkajs';
import { createKafkaSource, type AuditSource, type Topics } from '../../../cli/audit/source';
import type { SelectedRanges } from '../../../cli/audit/select-ranges';
import type { ReadMessage } from '../../../runtime/kafka/read-ranges';

/** What a queue topic held, and the dead letters that were there by then: enough to judge it when it is gone. */
export interface KeptQueue {
  selected: SelectedRanges;
  records: { partition: number; message: ReadMessage }[];
  deadLetters: ReadMessage[];
}

export interface KeepQueueOptions {
  kafka: Kafka;
  topics: Topics;
  groupId: string;
}

/**
 * Reads it whole, into memory. Nothing may be being produced, and everything must be committed.
 *
 * @throws what kept Kafka from answering
 */
export async function keepQueue(options: KeepQueueOptions): Promise<KeptQueue> {
  const source = createKafkaSource(options);
  const kept: KeptQueue = { selected: await source.select(), records: [], deadLetters: [] };
  const { ranges } = kept.selected;
  await Promise.all([
    source.readQueue(ranges, (partition, message) => kept.records.push({ partition, message })),
    source.readDeadLetters((_, message) => kept.deadLetters.push(message)),
  ]);
  return kept;
}

/** For an audit: records and dead letters as they were then, results as they are now. */
export function createKeptSource(kept: KeptQueue, options: KeepQueueOptions): AuditSource {
  const present = createKafkaSource(options);
  let letters = kept.deadLetters;
  return {
    select: () => Promise.resolve(kept.selected),
    readQueue(ranges, onRecord) {
      for (const { partition, message } of kept.records) {
        const offset = Number(message.offset);
        if (
          ranges.some((range) => range.partition === partition && range.from <= offset && offset < range.to)
        )
          onRecord(partition, message);
      }
      return Promise.resolve();
    },
    readResults: (onRecord, onRead) => present.readResults(onRecord, onRead),
    readDeadLetters(onRecord) {
      for (const message of letters) onRecord(0, message);
      letters = [];
      return Promise.resolve();
    },
    results: () => present.results(),
    resultsPolicy: () => present.resultsPolicy(),
  };
}
