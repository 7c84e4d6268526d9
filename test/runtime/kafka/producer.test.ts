import { KafkaJSConnectionError, type Kafka, type Message, type ProducerConfig } from 'kafkajs';
import createRetry from 'kafkajs/src/retry';
import createSendMessages from 'kafkajs/src/producer/sendMessages';
import { createProducer } from '../../../runtime/kafka/producer';

/** Two brokers with a partition each, and what they have written. kafkajs' own code sends to them. */
function cluster(onProduce: (broker: number, leaders: number[]) => void) {
  const leaders = [1, 2];
  const written: string[] = [];
  const metadata = () => leaders.map((leader, partitionId) => ({ partitionId, leader }));
  type TopicData = { topic: string; partitions: { partition: number; messages: Message[] }[] }[];
  const broker = (nodeId: number) => ({
    nodeId,
    produce({ topicData }: { topicData: TopicData }) {
      onProduce(nodeId, leaders);
      const topics = topicData.map(({ topic, partitions }) => ({
        topicName: topic,
        partitions: partitions.map(({ partition, messages }) => {
          written.push(...messages.map(({ key }) => `${String(key)} to ${partition}`));
          return { partition, errorCode: 0, baseOffset: '0', logAppendTime: '-1', logStartOffset: '0' };
        }),
      }));
      return Promise.resolve({ topics });
    },
  });
  const brokers = new Map([1, 2].map((nodeId) => [String(nodeId), broker(nodeId)]));
  const nothing = () => Promise.resolve();
  const fake = {
    addMultipleTargetTopics: nothing,
    refreshMetadata: nothing,
    refreshMetadataIfNecessary: nothing,
    isConnected: () => true,
    findTopicPartitionMetadata: metadata,
    findBroker: ({ nodeId }: { nodeId: string }) => Promise.resolve(brokers.get(nodeId)),
    findLeaderForPartitions: (_topic: string, partitions: string[]) => {
      const byLeader: Record<string, number[]> = {};
      for (const partition of partitions.map(Number)) (byLeader[leaders[partition]!] ??= []).push(partition);
      return byLeader;
    },
  };
  const eosManager = {
    acquireBrokerLock: nothing,
    releaseBrokerLock: nothing,
    isTransactional: () => false,
    getSequence: () => 0,
    updateSequence: () => undefined,
    getProducerId: () => -1,
    getProducerEpoch: () => 0,
  };
  const silent = { debug: () => undefined, error: () => undefined };
  const kafka = {
    producer: ({ createPartitioner }: ProducerConfig) => {
      const retrier = createRetry({ retries: 3, initialRetryTime: 1 });
      const partitioner = createPartitioner?.();
      return {
        sendBatch: createSendMessages({ logger: silent, cluster: fake, partitioner, eosManager, retrier }),
      };
    },
  } as unknown as Kafka;
  return { producer: createProducer(kafka, {}), written };
}

const messages = ['a', 'b'].map((key, partition) => ({ key, value: key, partition }));
const down = () => new KafkaJSConnectionError('connection refused', {});

test('records of a leader that is down go to the next one', async () => {
  let failed = false;
  const { producer, written } = cluster((broker) => {
    if (broker === 2 && !failed) {
      failed = true;
      throw down();
    }
  });
  await producer.send({ topic: 'results', messages });
  expect(written).toEqual(['a to 0', 'b to 1']);
});

test('records that were not sent because their leader is now one that has answered already are no success', async () => {
  const { producer, written } = cluster((broker, leaders) => {
    if (broker === 1) return;
    leaders[1] = 1;
    throw down();
  });
  await expect(producer.send({ topic: 'results', messages })).rejects.toThrow(
    '1 of 2 records were not sent: the leader of partition 1 of results changed meanwhile.',
  );
  expect(written).toEqual(['a to 0']);
  await producer.send({ topic: 'results', messages });
  expect(written).toEqual(['a to 0', 'a to 0', 'b to 1']);
});

test('a record without a key keeps its partition in all tries of a send', async () => {
  const { producer, written } = cluster((broker, leaders) => {
    if (broker === 1) return;
    leaders[1] = 1;
    throw down();
  });
  const many = Array.from({ length: 51 }, (_, index) => ({ key: null, value: `${index}` }));
  const error = await producer.send({ topic: 'results', messages: many }).catch((caught: Error) => caught);
  expect((error as Error).message).toContain(`${51 - written.length} of 51 records were not sent`);
});

describe('a request that the client has lost', () => {
  const forever = () => new Promise<never>(() => undefined);
  const kafka = (sender: object) => ({ producer: () => sender }) as unknown as Kafka;
  const timeouts = { connectMs: 50, sendMs: 50, disconnectMs: 50 };

  test('makes the send fail, in a transaction, too', async () => {
    const transaction = () => Promise.resolve({ sendBatch: forever });
    const producer = createProducer(kafka({ sendBatch: forever, transaction }), {}, timeouts);
    const lost = 'Kafka did not answer a send within 50 ms.';
    await expect(producer.send({ topic: 'results', messages })).rejects.toThrow(lost);
    const begun = await producer.transaction();
    await expect(begun.send({ topic: 'results', messages })).rejects.toThrow(lost);
  });

  test('ends the wait for a connection, and one that comes after all is closed', async () => {
    let open = 0;
    let comes!: () => void;
    const connect = () => new Promise<void>((resolve) => (comes = () => (open++, resolve())));
    const disconnect = () => Promise.resolve(void (open = 0));
    const producer = createProducer(kafka({ connect, disconnect }), {}, timeouts);
    await expect(producer.connect()).rejects.toThrow('There was no connection to Kafka within 50 ms.');
    comes();
    expect(open).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).toBe(0);
  });

  test('does not hold up the goodbye', async () => {
    await createProducer(kafka({ disconnect: forever }), {}, timeouts).disconnect();
  });

  test('is none where the answer comes, or the error', async () => {
    const fails = createProducer(kafka({ sendBatch: () => Promise.reject(down()) }), {}, timeouts);
    await expect(fails.send({ topic: 'results', messages })).rejects.toThrow('connection refused');
  });
});
