import type { PartitionMetadata, ProducerBatch, ProducerConfig, RecordMetadata } from 'kafkajs';

const partitionMetadata = [{ partitionId: 0, leader: 1 }] as PartitionMetadata[];

/** What a topic of one partition answers when it has taken everything. */
export function acknowledge(config: ProducerConfig, { topicMessages = [] }: ProducerBatch): RecordMetadata[] {
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
