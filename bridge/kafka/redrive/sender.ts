import type { Kafka, TopicMessages } from 'kafkajs';
import { HeadwayError } from '../../../contracts/errors';
import { isFenced } from '../../../runtime/kafka/errors';
import { createProducer } from '../../../runtime/kafka/producer';
import { markerValue } from './markers';
import type { Move } from './plan';

/**
 * Readers of the queue wait for an open transaction, so one whose process was killed must end soon. The broker looks every 10 s
 * (`transaction.abort.timed.out.transaction.cleanup.interval.ms`); the next redrive ends it at once.
 */
const TRANSACTION_TIMEOUT_MS = 10_000;

export interface Sender {
  /**
   * Sends these letters, and writes down that they were sent: all of it, or nothing.
   *
   * @throws HeadwayError `HW_REDRIVE_TAKEN_OVER` when another redrive has begun since
   * @throws what kept Kafka from answering. Whether the letters were sent only the markers tell then
   */
  send(moves: Move[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * When this resolves, no other redrive of the same dead-letter topic can write any more, and whatever one had begun is either
 * complete or undone. Markers that are read from now on are all there are.
 */
export async function openSender(
  kafka: Kafka,
  topics: { deadLetters: string; markers: string },
): Promise<Sender> {
  const producer = createProducer(kafka, {
    transactionalId: `headway-redrive-${topics.deadLetters}`,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // The broker is often not quite done with the transaction before: a short first wait.
    retry: { initialRetryTime: 20, maxRetryTime: 5_000, retries: 12 },
  });
  await producer.connect();
  try {
    // kafkajs takes the transactional id over with the first transaction. One with nothing in it costs no more.
    await (await producer.transaction()).abort();
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw error;
  }

  return {
    async send(moves) {
      const transaction = await producer.transaction();
      try {
        await transaction.sendBatch({ acks: -1, topicMessages: [...byTopic(moves), markersOf(moves)] });
        await transaction.commit();
      } catch (error) {
        // Does nothing any more once the commit was asked for; before, readers need not wait for the timeout.
        await transaction.abort().catch(() => undefined);
        if (!isFenced(error)) throw error;
        const message = `another redrive of ${topics.deadLetters} has begun, or a transaction took more than ${TRANSACTION_TIMEOUT_MS / 1_000} s`;
        throw new HeadwayError('HW_REDRIVE_TAKEN_OVER', message, { cause: error });
      }
    },
    close: () => producer.disconnect(),
  };

  function markersOf(moves: Move[]): TopicMessages {
    const at = new Date();
    const messages = moves.map(({ marker, topic }) => ({ key: marker, value: markerValue(topic, at) }));
    return { topic: topics.markers, messages };
  }
}

function byTopic(moves: Move[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>();
  for (const { topic, record } of moves) {
    const of = topics.get(topic) ?? { topic, messages: [] };
    of.messages.push(record);
    topics.set(topic, of);
  }
  return [...topics.values()];
}
