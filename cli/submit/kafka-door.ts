import { HeadwayError } from '../../contracts/errors';
import type { Kafka } from '../../runtime/kafka';
import { isTooLarge } from '../../runtime/kafka-errors';
import { withOffsets } from '../../runtime/kafka-offsets';
import { createProducer } from '../../runtime/kafka-producer';
import type { CheckedRequest } from './check-request';
import type { Door, Verdict } from './door';
import { inBatches } from './in-batches';
import { readOutcomes } from './kafka-outcomes';

/** Of one request: what goes to a partition in it has to fit `max.message.bytes`, which is 1 MiB by default. */
const BATCH = { items: 500, bytes: 512 * 1024, waitMs: 20 };

export interface KafkaDoorOptions {
  kafka: Kafka;
  topics: { queue: string; results: string; deadLetters: string };
  /** Somebody waits for the ends of the jobs. */
  wait: boolean;
  signal: AbortSignal;
}

/**
 * Jobs as records of the queue topic, their key the job id. Their ends are read from the results topic, from where it ended before the first job
 * was sent: one reader for all of them, and Kafka is good at that. Asking Temporal would cost a search and a query for each job each time, on the
 * very server that should be starting them, and it knows nothing of a job for a while, nor ever of a dead letter.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` for a topic that does not exist; what keeps Kafka from answering
 */
export async function openKafkaDoor({ kafka, topics, wait, signal }: KafkaDoorOptions): Promise<Door> {
  await checkTopics(kafka, topics, wait);
  const outcomes = wait ? await readOutcomes({ kafka, topics, signal }) : undefined;
  const producer = createProducer(kafka, {
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  return {
    name: topics.queue,
    async *send(requests) {
      for await (const batch of inBatches(requests, ({ json }) => Buffer.byteLength(json), BATCH)) {
        // A quick job may have ended before Kafka has said that it has it.
        for (const { id } of batch) outcomes?.expect(id);
        const verdicts = await sendBatch(batch);
        for (const { request, refused } of verdicts) if (refused) outcomes?.forget(request.id);
        yield* verdicts;
      }
      outcomes?.expectNoMore();
    },
    ends: () => outcomes?.ends() ?? nothing(),
    async close() {
      await Promise.all([producer.disconnect(), outcomes?.close()]);
    },
  };

  async function sendBatch(batch: CheckedRequest[]): Promise<Verdict[]> {
    try {
      const messages = batch.map(({ id, json }) => ({ key: id, value: json }));
      await producer.send({ topic: topics.queue, acks: -1, messages });
      return batch.map((request) => ({ request }));
    } catch (error) {
      const [request] = batch;
      if (!isTooLarge(error) || !request || batch.length > 1) throw error;
      const bytes = Buffer.byteLength(request.json);
      const message = `topic ${topics.queue} takes no record of ${bytes} bytes (max.message.bytes)`;
      return [{ request, refused: { code: 'HW_RECORD_TOO_LARGE', message } }];
    }
  }
}

async function* nothing(): AsyncGenerator<never> {}

async function checkTopics(kafka: Kafka, topics: KafkaDoorOptions['topics'], wait: boolean): Promise<void> {
  const needed: [string, string][] = [['QUEUE_TOPIC', topics.queue]];
  if (wait) needed.push(['RESULTS_TOPIC', topics.results], ['DLQ_TOPIC', topics.deadLetters]);
  await withOffsets(kafka, async (offsets) => {
    for (const [variable, topic] of needed) {
      if (await offsets.topicExists(topic)) continue;
      throw new HeadwayError('HW_CONFIG_INVALID', `${variable}: there is no topic named ${topic}.`);
    }
  });
}
