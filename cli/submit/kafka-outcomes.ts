import { z } from 'zod';
import { deadLetterHeaders } from '../../contracts/headers';
import { jobSourceSchema } from '../../contracts/job-request';
import type { Kafka } from '../../runtime/kafka/client';
import { withOffsets } from '../../runtime/kafka/offsets';
import type { ReadMessage } from '../../runtime/kafka/read-ranges';
import { leaveGroup, startReading, temporaryGroupId } from '../../runtime/kafka/temporary-group';
import { anyResultSchema, asItCame } from '../any-version';
import { errorText } from '../format-job';
import type { JobEnd } from './door';
import { createWaitingList, type WaitingList } from './waiting-list';

export interface OutcomesOptions {
  kafka: Kafka;
  topics: { queue: string; results: string; deadLetters: string };
  signal: AbortSignal;
}

export interface Outcomes extends WaitingList {
  /**
   * Kafka has taken the job, as this record of the queue topic: its result names it, and that of another job with the same id does not. A result
   * that comes before this is told of then.
   */
  sent(id: string, partition: number, offset: bigint): void;
  close(): Promise<void>;
}

/** A record of the results topic: as much as shows that a job has ended, and which. */
const publishedSchema = anyResultSchema.extend({
  id: z.string(),
  status: z.string(),
  source: jobSourceSchema,
});
type Published = z.infer<typeof publishedSchema>;

interface Place {
  partition: number;
  offset: bigint;
}

/**
 * Reads what comes to the results topic and the dead-letter topic from now on, through a consumer group of its own, which commits nothing and is
 * deleted in the end.
 *
 * @throws what keeps Kafka from answering; the reason of `signal`
 */
export async function readOutcomes({ kafka, topics, signal }: OutcomesOptions): Promise<Outcomes> {
  const both = [topics.results, topics.deadLetters];
  const starts = await readEnds(kafka, both);
  const startOf = new Map(starts.map(({ topic, partition, offset }) => [`${topic} ${partition}`, offset]));
  const waiting = createWaitingList(signal);
  const sentAs = new Map<string, Place>();
  /** Results of jobs that Kafka has not said yet that it has. */
  const early = new Map<string, Published[]>();
  const groupId = temporaryGroupId();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200, allowAutoTopicCreation: false });
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) waiting.fail(payload.error);
  });
  const close = () => leaveGroup(kafka, consumer, groupId);
  try {
    await startReading(consumer, {
      topics: both,
      positions: starts.map((start) => ({ ...start, offset: String(start.offset) })),
      run: {
        eachMessage: ({ topic, partition, message }) => {
          const id = message.key?.toString() ?? '';
          // What came before is read again after a crash of the client, and left out.
          const isNew = Number(message.offset) >= (startOf.get(`${topic} ${partition}`) ?? 0);
          if (isNew && waiting.isExpected(id)) {
            if (topic === topics.results) takeResult(id, message);
            else ended(fromDeadLetter(id, message));
          }
          return Promise.resolve();
        },
      },
      signal,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...waiting,
    forget(id) {
      early.delete(id);
      waiting.forget(id);
    },
    sent(id, partition, offset) {
      if (!waiting.isExpected(id)) return;
      sentAs.set(id, { partition, offset });
      const results = early.get(id) ?? [];
      early.delete(id);
      for (const result of results) take(id, result);
    },
    ended,
    close,
  };

  function takeResult(id: string, { value }: ReadMessage): void {
    const result = asItCame(publishedSchema, parse(value));
    if (result) take(id, result);
  }

  function take(id: string, result: Published): void {
    const place = sentAs.get(id);
    if (place === undefined) early.set(id, [...(early.get(id) ?? []), result]);
    else if (isOf(result, place)) ended(fromResult(id, result));
  }

  /** Not of another job with the same id, whose result may still come. Clocks would not tell: the broker's may be in the record, and differ. */
  function isOf({ source }: Published, { partition, offset }: Place): boolean {
    if (source.door !== 'kafka' || source.topic !== topics.queue) return false;
    return source.partition === partition && source.offset === String(offset);
  }

  function ended(end: JobEnd): void {
    sentAs.delete(end.id);
    early.delete(end.id);
    waiting.ended(end);
  }
}

function fromResult(id: string, result: Published): JobEnd {
  const { status, error } = result;
  return { id, status, result, message: error && errorText(error) };
}

function fromDeadLetter(id: string, { headers = {} }: ReadMessage): JobEnd {
  const text = (name: string) => [headers[name] ?? ''].flat().at(-1)?.toString();
  const message = `${text(deadLetterHeaders.class)}: ${text(deadLetterHeaders.message)}`;
  return { id, status: 'dead-lettered', message };
}

function parse(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString() ?? '');
  } catch {
    return undefined;
  }
}

async function readEnds(kafka: Kafka, topics: string[]) {
  return await withOffsets(kafka, async (offsets) => {
    const ends = await Promise.all(
      topics.map(async (topic) =>
        (await offsets.ranges(topic)).map(({ partition, to }) => ({ topic, partition, offset: to })),
      ),
    );
    return ends.flat();
  });
}
