import type { Kafka, Message, Producer } from 'kafkajs';
import { isJob, type DemoRecord } from './demo-records';

/** Tells the demo's own dead letters from others, as the bridge keeps a record's headers. */
export const recordHeader = 'headway-demo-record';

/** Far below the 1 MB that a broker takes at a time. */
const batchMaxBytes = 500_000;

export interface LabelledRecord {
  record: DemoRecord;
  /** Travels in `recordHeader`. */
  label: string;
}

export interface DemoProducer {
  /** Resolves when Kafka has them. */
  send(records: readonly LabelledRecord[]): Promise<void>;
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
    async send(records) {
      for (const batch of batchesOf(records)) {
        const messages = batch.map(({ record, label }): Message => ({
          key: isJob(record) ? record.jobId : null,
          value: record.value,
          headers: { [recordHeader]: label },
        }));
        await producer.send({ topic, acks: -1, messages });
      }
    },
    close: () => producer.disconnect(),
  };
}

function batchesOf(records: readonly LabelledRecord[]): LabelledRecord[][] {
  const batches: LabelledRecord[][] = [];
  let bytes = Infinity;
  for (const labelled of records) {
    bytes += labelled.record.value.length;
    if (bytes > batchMaxBytes) {
      batches.push([]);
      bytes = labelled.record.value.length;
    }
    batches.at(-1)?.push(labelled);
  }
  return batches;
}
