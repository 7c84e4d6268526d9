import { randomBytes } from 'node:crypto';
import { deadLetterHeaders } from '../../contracts/headers';
import { jobResultSchema } from '../../contracts/job-result';
import type { Kafka } from '../../runtime/kafka';
import { withOffsets } from '../../runtime/kafka-offsets';
import { deleteGroup, type ReadMessage } from '../../runtime/kafka-read-ranges';
import { within } from '../../runtime/within';
import type { JobEnd } from './door';
import { createWaitingList, type WaitingList } from './waiting-list';

export interface OutcomesOptions {
  kafka: Kafka;
  topics: { results: string; deadLetters: string };
  signal: AbortSignal;
}

const CLOSE_MS = 4_000;

/** Clocks of producer and broker may differ by so much. */
const CLOCK_SKEW_MS = 10_000;

/**
 * Reads what comes to the results topic and the dead-letter topic from now on, through a consumer group of its own, which commits nothing and is
 * deleted in the end.
 *
 * @throws what keeps Kafka from answering
 */
export async function readOutcomes({
  kafka,
  topics,
  signal,
}: OutcomesOptions): Promise<WaitingList & { close(): Promise<void> }> {
  const openedAt = Date.now();
  const both = [topics.results, topics.deadLetters];
  const starts = await readEnds(kafka, both);
  const startOf = new Map(starts.map(({ topic, partition, offset }) => [`${topic} ${partition}`, offset]));
  const waiting = createWaitingList(signal);
  const groupId = `headway-read-${randomBytes(6).toString('hex')}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200, allowAutoTopicCreation: false });
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) waiting.fail(payload.error);
  });
  await consumer.connect();
  // What came before is read again after a crash of the client, and left out.
  await consumer.subscribe({ topics: both, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ topic, partition, message }) => {
      const id = message.key?.toString() ?? '';
      const isNew = Number(message.offset) >= (startOf.get(`${topic} ${partition}`) ?? 0);
      if (isNew && waiting.isExpected(id)) {
        const end = topic === topics.results ? fromResult(message) : fromDeadLetter(id, message);
        if (end) waiting.ended(end);
      }
      return Promise.resolve();
    },
  });
  for (const { topic, partition, offset } of starts) {
    consumer.seek({ topic, partition, offset: String(offset) });
  }
  return {
    ...waiting,
    async close() {
      const goodbye = async () => {
        await consumer.disconnect();
        await deleteGroup(kafka, groupId);
      };
      // A group without members goes by itself in the end; a broker that is away is not worth waiting for.
      await within(CLOSE_MS, goodbye(), () => undefined).catch(() => undefined);
    },
  };

  /** Not the result of an earlier job with the same id, which may still come. */
  function fromResult({ value }: ReadMessage): JobEnd | undefined {
    const parsed = jobResultSchema.safeParse(parse(value));
    if (!parsed.success || parsed.data.source.timestamp < openedAt - CLOCK_SKEW_MS) return undefined;
    const { id, status, error } = parsed.data;
    const message = error && `${error.type} at ${error.stage}: ${error.message}`;
    return { id, status, result: parsed.data, message };
  }
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
