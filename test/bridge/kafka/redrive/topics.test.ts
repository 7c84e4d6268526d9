import type { Kafka } from 'kafkajs';
import { prepareTopics } from '../../../../bridge/kafka/redrive/topics';

const topics = { queue: 'jobs', deadLetters: 'dlq', parking: 'parked' };

/** Kafka that has the topics, and is asked about their settings in vain. */
function kafkaThatRefuses(type: string) {
  const created: { topic: string; configEntries?: unknown[] }[] = [];
  const admin = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    listTopics: async () => ['jobs', 'dlq'],
    fetchTopicMetadata: async () => ({ topics: [{ partitions: [{}, {}] }] }),
    describeConfigs: () => Promise.reject(Object.assign(new Error(type), { type })),
    createTopics: async (asked: { topics: typeof created }) => void created.push(...asked.topics),
  };
  return { kafka: { admin: () => admin } as unknown as Kafka, created };
}

test('without the right to describe the configuration of topics, they are taken to have that of Kafka', async () => {
  const { kafka, created } = kafkaThatRefuses('TOPIC_AUTHORIZATION_FAILED');
  const prepared = await prepareTopics(kafka, topics, { create: true });
  expect(prepared).toMatchObject({ maxBytes: { queue: 1_048_588, parking: 1_048_588 }, queuePartitions: 2 });
  expect(created).toMatchObject([
    { topic: 'dlq-redriven' },
    { topic: 'parked', numPartitions: 2, configEntries: [] },
  ]);
});

test('whatever else keeps Kafka from telling ends it', async () => {
  const { kafka, created } = kafkaThatRefuses('REQUEST_TIMED_OUT');
  await expect(prepareTopics(kafka, topics, { create: true })).rejects.toThrow('REQUEST_TIMED_OUT');
  expect(created).toEqual([]);
});
