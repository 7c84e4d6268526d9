import type { Kafka, Message, Producer } from 'kafkajs';
import { isJob, type DemoRecord } from './demo-records';

/** Tells the demo's own dead letters from others, as the bridge keeps a record's headers. */
export const recordHeader = 'headway-demo-record';

/** Far below the 1 MB that a broker takes at a time. */
const batchMaxBytes = 500_000;

export interface DemoProducer {
  /** Resolves when Kafka has them. `label` of each record comes back in `recordHeader`. */
  send(records: readonly DemoRecord[], label: (record: DemoRecord) => string): Promise<void>;
  close(): Promise<void>;
}

/** Idempotent, so that a job which arrives twice is never the demo's own doing. */
export async function createDemoProducer(kafka: Kafka, topic: string): Promise<DemoProducer> {
  const producer: Producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  return {
    async send(records, label) {
      for (const batch of batchesOf(records)) {
        const messages = batch.map((record): Message => ({
          key: isJob(record) ? record.jobId : null,
          value: record.value,
          headers: { [recordHeader]: label(record) },
        }));
        await producer.send({ topic, acks: -1, messages });
      }
    },
    close: () => producer.disconnect(),
  };
}

function batchesOf(records: readonly DemoRecord[]): DemoRecord[][] {
  const batches: DemoRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    bytes += record.value.length;
    if (bytes > batchMaxBytes) {
      batches.push([]);
      bytes = record.value.length;
    }
    batches.at(-1)?.push(record);
  }
  return batches;
}
