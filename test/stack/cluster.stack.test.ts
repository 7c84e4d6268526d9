import { Kafka, logLevel } from 'kafkajs';
import { withAdmin } from '../../stack/kafka/admin';
import type { Stack } from '../../stack/types';
import { temporaryFolder } from './temporary-folder';
import { startThreeBrokers } from './three-brokers';

const folder = temporaryFolder();
let stack: Stack | undefined;
afterEach(() => stack?.stop());

it('keeps three copies and accepts writes while one broker of three is dead', async () => {
  const cluster = await startThreeBrokers(folder());
  stack = cluster.stack;
  const { brokers } = cluster;
  expect(brokers).toHaveLength(3);

  const kafka = new Kafka({
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, maxRetryTime: 2_000 },
  });
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: 'makes-the-offsets-topic' });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic: 'x-jobs-queue', fromBeginning: true });
  try {
    const received = new Promise<string>((resolve, reject) => {
      consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) }).catch(reject);
    });
    await stack.servers.kafka[2]?.kill();
    const messages = Array.from({ length: 12 }, (_, partition) => ({ partition, value: 'kept' }));
    await producer.send({ topic: 'x-jobs-queue', acks: -1, messages });
    expect(await received).toBe('kept');
    await stack.servers.kafka[2]?.restart();
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
  }

  await withAdmin(brokers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    const names = topics.map(({ name }) => name).sort();
    expect(names).toEqual(['__consumer_offsets', 'x-jobs-dlq', 'x-jobs-queue', 'x-jobs-results']);
    const replicas = topics.flatMap((topic) =>
      topic.partitions.map((partition) => partition.replicas.length),
    );
    expect(new Set(replicas)).toEqual(new Set([3]));
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: 2, name, configNames: ['min.insync.replicas'] })),
    });
    expect(resources.map((resource) => resource.configEntries[0]?.configValue)).toEqual(['2', '2', '2', '2']);
  });
});
