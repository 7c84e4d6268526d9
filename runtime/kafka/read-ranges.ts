import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { PartitionRange } from './offsets';
import { leaveGroup, startReading, temporaryGroupId } from './temporary-group';

export type ReadMessage = Pick<KafkaMessage, 'offset' | 'timestamp' | 'key' | 'value' | 'headers'>;

export interface ReadRangesOptions {
  kafka: Kafka;
  topic: string;
  /** From `from` up to, and not including, `to`. A partition may have several. */
  ranges: readonly PartitionRange[];
  /** Called once for each record, those of a partition in order. Records of aborted transactions do not come. */
  onRecord: (partition: number, message: ReadMessage) => void;
  /** Waited for before more is read, after some records at a time. */
  afterRecords?: () => Promise<void>;
  /** Called now and then with the number of offsets that are read. */
  onProgress?: (offsets: number) => void;
  signal?: AbortSignal;
}

/** Nothing came for so long: a broker is away, or the records were deleted meanwhile. */
const IDLE_MS = 60_000;

/**
 * Reads parts of a topic to their end, in bounded memory. Joins a consumer group of its own, since kafkajs cannot read without
 * one, commits nothing in it and deletes it.
 *
 * @throws what kept Kafka from answering; the reason of `signal`; what `onRecord` or `afterRecords` threw
 */
export async function readRanges(options: ReadRangesOptions): Promise<void> {
  const { kafka, topic, onRecord, afterRecords, onProgress, signal } = options;
  const cursors = createCursors(options.ranges);
  if (cursors.size === 0) return;
  signal?.throwIfAborted();
  const groupId = temporaryGroupId();
  const consumer = kafka.consumer({
    groupId,
    maxBytesPerPartition: 2 * 1024 * 1024,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  });
  let succeed = () => {};
  let fail = (_error: Error) => {};
  /** Nobody waits any more, so what still arrives is not taken. */
  let ended = false;
  const read = new Promise<void>((resolve, reject) => {
    succeed = resolve;
    // Thrown in `eachBatch` it would only make kafkajs read the batch again, from behind the record it was thrown for.
    fail = (error) => {
      ended = true;
      reject(error);
    };
  });
  read.catch(() => undefined);
  const idle = createIdleLimit(() =>
    fail(new Error(`No record of topic ${topic} arrived for ${IDLE_MS / 1000} s, though some are missing.`)),
  );
  const interrupted = () => fail(signal?.reason as Error);
  signal?.addEventListener('abort', interrupted);
  consumer.on('consumer.crash', ({ payload }) => fail(payload.error));
  // Unlike `eachBatch` it also tells of a batch that held nothing but control records or an aborted transaction.
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    if (ended) return;
    idle.begin();
    passed(consumer, topic, payload.partition, cursors, Number(payload.lastOffset) + 1);
    onProgress?.(offsetsRead(cursors));
    if ([...cursors.values()].every(({ ranges }) => ranges.length === 0)) succeed();
  });
  const eachBatch = async ({ batch }: EachBatchPayload) => {
    if (ended) return;
    const cursor = cursors.get(batch.partition);
    try {
      for (const message of batch.messages) {
        if (cursor && take(cursor, Number(message.offset))) onRecord(batch.partition, message);
      }
      // However long that takes: until then nothing is asked of Kafka.
      idle.end();
      await afterRecords?.();
      if (!ended) idle.begin();
    } catch (error) {
      fail(error as Error);
    }
  };
  const positions = [...cursors.values()].map(({ partition, next }) => ({
    topic,
    partition,
    offset: String(next),
  }));
  try {
    await startReading(consumer, { topics: [topic], positions, run: { eachBatch }, signal });
    if (!ended) idle.begin();
    await read;
  } finally {
    ended = true;
    idle.end();
    signal?.removeEventListener('abort', interrupted);
    await leaveGroup(kafka, consumer, groupId);
  }
}

/** Calls `onLimit` when it has begun and neither begins anew nor ends for too long. */
function createIdleLimit(onLimit: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const end = () => clearTimeout(timer);
  return {
    begin(): void {
      end();
      timer = setTimeout(onLimit, IDLE_MS);
    },
    end,
  };
}

/** How far one partition is read. */
interface Cursor {
  partition: number;
  /** Those that are not read to their end, in order. */
  ranges: PartitionRange[];
  /** A batch may begin before it, or come twice around a seek. */
  next: number;
  read: number;
}

function createCursors(ranges: readonly PartitionRange[]): Map<number, Cursor> {
  const cursors = new Map<number, Cursor>();
  const sorted = ranges.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  for (const range of sorted) {
    const { partition, from } = range;
    const cursor = cursors.get(partition) ?? { partition, ranges: [], next: from, read: 0 };
    cursor.ranges.push(range);
    cursors.set(partition, cursor);
  }
  return cursors;
}

/** Whether this record is asked for and has not come before. */
function take(cursor: Cursor, offset: number): boolean {
  if (offset < cursor.next) return false;
  cursor.next = offset + 1;
  return cursor.ranges.some(({ from, to }) => from <= offset && offset < to);
}

/** Everything before `next` is read: on to the next range, or no more of this partition. */
function passed(
  consumer: Consumer,
  topic: string,
  partition: number,
  cursors: Map<number, Cursor>,
  next: number,
): void {
  const cursor = cursors.get(partition);
  if (!cursor) return consumer.pause([{ topic, partitions: [partition] }]);
  cursor.next = Math.max(cursor.next, next);
  for (let [range] = cursor.ranges; range && range.to <= cursor.next; [range] = cursor.ranges) {
    cursor.ranges.shift();
    cursor.read += range.to - range.from;
  }
  const [range] = cursor.ranges;
  if (!range) consumer.pause([{ topic, partitions: [partition] }]);
  else if (range.from > cursor.next) {
    cursor.next = range.from;
    consumer.seek({ topic, partition, offset: String(range.from) });
  }
}

function offsetsRead(cursors: Map<number, Cursor>): number {
  let sum = 0;
  for (const { ranges, next, read } of cursors.values()) {
    const [range] = ranges;
    sum += read + (range ? Math.max(0, next - range.from) : 0);
  }
  return sum;
}
