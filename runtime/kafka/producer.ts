import {
  KafkaJSError,
  Partitioners,
  type Kafka,
  type Message,
  type Producer,
  type ProducerBatch,
  type ProducerConfig,
  type ProducerRecord,
  type RecordMetadata,
  type Sender,
} from 'kafkajs';
import { within } from '../within';

/** More than the retries of those that send take while Kafka is away. */
const SEND_TIMEOUT_MS = 150_000;
/** Kafka may be away, and whoever connects tries again. */
const CONNECT_TIMEOUT_MS = 30_000;
const DISCONNECT_TIMEOUT_MS = 8_000;

export interface ProducerOptions {
  /** Longest wait for a connection, a send with all its retries, and a goodbye; milliseconds. */
  connectMs?: number;
  sendMs?: number;
  disconnectMs?: number;
  /** Told with each record that is sent how many partitions its topic has, as far as the client knows. */
  onPartitions?: (topic: string, count: number) => void;
}

/**
 * A producer that says so when not every record was sent, or nothing is heard of it any more.
 *
 * kafkajs asks each leader once. When one of them fails and its partition has moved by the next try to a broker that has answered already, the
 * records of that partition go nowhere, and the send resolves all the same: https://github.com/tulios/kafkajs/pull/1798.
 * What is missing shows in the answer, which names the partitions that took something.
 *
 * And it can lose a request that was made while a connection was closing (bridge/kafka/watch-silence.ts): who connects, sends or disconnects then would
 * wait for ever. Who is told that a request was not answered makes a new producer; records that were sent may be written or not.
 */
export function createProducer(
  kafka: Kafka,
  config: Omit<ProducerConfig, 'createPartitioner'>,
  options: ProducerOptions = {},
): Producer {
  const { connectMs = CONNECT_TIMEOUT_MS, sendMs = SEND_TIMEOUT_MS } = options;
  const { disconnectMs = DISCONNECT_TIMEOUT_MS, onPartitions } = options;
  const partitionOf = new WeakMap<Message, number>();
  const producer = kafka.producer({ ...config, createPartitioner });
  return {
    ...producer,
    ...checked(producer),
    connect,
    disconnect,
    async transaction() {
      const transaction = await producer.transaction();
      return { ...transaction, ...checked(transaction) };
    },
  };

  /** One that could not connect leaves nothing behind, nor does one that connects after all. */
  async function connect(): Promise<void> {
    const connecting = producer.connect();
    try {
      await within(connectMs, connecting, () => {
        throw new KafkaJSError(`There was no connection to Kafka within ${connectMs} ms.`, {
          retriable: true,
        });
      });
    } catch (error) {
      void disconnect().catch(() => undefined);
      void connecting.then(disconnect).catch(() => undefined);
      throw error;
    }
  }

  function disconnect(): Promise<void> {
    return within(disconnectMs, producer.disconnect(), () => undefined);
  }

  /** The partition of a record is the same in every try, or the answer would not tell which of them it is about. */
  function createPartitioner() {
    const usual = Partitioners.DefaultPartitioner();
    return (choice: Parameters<typeof usual>[0]): number => {
      onPartitions?.(choice.topic, choice.partitionMetadata.length);
      const partition = partitionOf.get(choice.message) ?? usual(choice);
      partitionOf.set(choice.message, partition);
      return partition;
    };
  }

  function checked(sender: Sender): Sender {
    const sendBatch = async (batch: ProducerBatch): Promise<RecordMetadata[]> => {
      const answer = await within(sendMs, sender.sendBatch(batch), () => {
        throw new KafkaJSError(`Kafka did not answer a send within ${sendMs} ms.`, { retriable: true });
      });
      for (const { topic, messages } of batch.topicMessages ?? []) check(answer, topic, messages);
      return answer;
    };
    const send = ({ topic, messages, ...options }: ProducerRecord) =>
      sendBatch({ ...options, topicMessages: [{ topic, messages }] });
    return { send, sendBatch };
  }

  function check(answer: RecordMetadata[], topic: string, messages: Message[]): void {
    const taken = new Set(answer.filter((one) => one.topicName === topic).map(({ partition }) => partition));
    const left = messages.filter((message) => !taken.has(partitionOf.get(message) ?? -1));
    if (left.length === 0) return;
    const where = [...new Set(left.map((message) => partitionOf.get(message)))].join(', ');
    throw new KafkaJSError(
      `${left.length} of ${messages.length} records were not sent: the leader of partition ${where} of ${topic} changed meanwhile.`,
      { retriable: true },
    );
  }
}
