import { HeadwayError } from '../../contracts/errors';
import type { Kafka } from '../../runtime/kafka/client';
import { readCleanupPolicy } from '../../runtime/kafka/cleanup-policy';
import { withOffsets, type PartitionRange } from '../../runtime/kafka/offsets';
import { readRanges, type ReadMessage } from '../../runtime/kafka/read-ranges';
import { selectRanges, type RangeSelection, type SelectedRanges } from './select-ranges';

export interface Topics {
  queue: string;
  results: string;
  deadLetters: string;
}

export type OnRecord = (partition: number, message: ReadMessage) => void;
export type OnRead = (done: number, total: number) => void;

/** What the audit reads from Kafka. */
export interface AuditSource {
  select(): Promise<SelectedRanges>;
  readQueue(ranges: readonly PartitionRange[], onRecord: OnRecord, onRead?: OnRead): Promise<void>;
  /** Results up to the present; the second time those that came since. */
  readResults(onRecord: OnRecord, onRead?: OnRead): Promise<void>;
  /** Dead letters, likewise. */
  readDeadLetters(onRecord: OnRecord, onRead?: OnRead): Promise<void>;
  /** What the results topic holds. */
  results(): Promise<PartitionRange[]>;
  /** `cleanup.policy` of the results topic; undefined when Kafka does not tell. */
  resultsPolicy(): Promise<string | undefined>;
}

export interface KafkaSourceOptions {
  kafka: Kafka;
  topics: Topics;
  groupId: string;
  select?: RangeSelection;
  signal?: AbortSignal;
}

export function createKafkaSource(options: KafkaSourceOptions): AuditSource {
  const { kafka, topics, groupId, select, signal } = options;

  return {
    async select() {
      return await withOffsets(kafka, async (offsets) => {
        for (const [variable, topic] of [
          ['QUEUE_TOPIC', topics.queue],
          ['RESULTS_TOPIC', topics.results],
          ['DLQ_TOPIC', topics.deadLetters],
        ] as const) {
          if (await offsets.topicExists(topic)) continue;
          throw new HeadwayError('HW_CONFIG_INVALID', `${variable}: there is no topic named ${topic}.`);
        }
        return await selectRanges(offsets, topics.queue, groupId, select);
      });
    },
    readQueue: (ranges, onRecord, onRead) => read(topics.queue, ranges, onRecord, onRead),
    readResults: createTail(topics.results),
    readDeadLetters: createTail(topics.deadLetters),
    results: () => withOffsets(kafka, (offsets) => offsets.ranges(topics.results)),
    resultsPolicy: () => readCleanupPolicy(kafka, topics.results),
  };

  function createTail(topic: string) {
    const reached = new Map<number, number>();
    return async (onRecord: OnRecord, onRead?: OnRead) => {
      const present = await withOffsets(kafka, (offsets) => offsets.ranges(topic));
      const ranges = present.map((range) => ({
        ...range,
        from: Math.max(range.from, reached.get(range.partition) ?? 0),
      }));
      await read(topic, ranges, onRecord, onRead);
      for (const { partition, to } of present) reached.set(partition, to);
    };
  }

  async function read(topic: string, ranges: readonly PartitionRange[], onRecord: OnRecord, onRead?: OnRead) {
    const total = ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
    await readRanges({ kafka, topic, ranges, onRecord, signal, onProgress: (done) => onRead?.(done, total) });
  }
}
