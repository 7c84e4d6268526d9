import type { PartitionMetadata, ProducerBatch, ProducerConfig, RecordMetadata } from 'kafkajs';

/** What a topic with so many partitions answers when it has taken everything. */
export function acknowledge(
  config: ProducerConfig,
  { topicMessages = [] }: ProducerBatch,
  partitions = 1,
): RecordMetadata[] {
  const partitionMetadata = Array.from(
    { length: partitions },
    (_, partitionId) => ({ partitionId, leader: 1 }) as PartitionMetadata,
  );
  const partitioner = config.createPartitioner?.();
  if (!partitioner) throw new Error('no partitioner: this is not createProducer of runtime/');
  return topicMessages.flatMap(({ topic, messages }) =>
    messages.map((message) => ({
      topicName: topic,
      partition: partitioner({ topic, message, partitionMetadata }),
      errorCode: 0,
    })),
  );
}
