import type { Admin, Kafka } from 'kafkajs';

const CHUNK = 5_000;
export const PARTITIONS = 12;

/** Writes that many requests of the example pipeline, spread evenly. */
export async function produceJobs(
  kafka: Kafka,
  topic: string,
  jobs: number,
  onProgress: (produced: number) => void = () => undefined,
): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const input = {
    company: 'Vantorp Steel',
    domain: 'vantorp.example',
    question: 'Who are their competitors?',
  };
  const value = JSON.stringify({ pipeline: 'company-brief', input, tenant: 'bench' });
  for (let from = 0; from < jobs; from += CHUNK) {
    const count = Math.min(CHUNK, jobs - from);
    const messages = Array.from({ length: count }, (_, index) => ({ value, partition: index % PARTITIONS }));
    await producer.send({ topic, messages });
    onProgress(from + count);
  }
  await producer.disconnect();
}

export interface ResultCount {
  /** Jobs with a result. */
  jobs(): number;
  /** Result records. */
  records(): number;
  reach(jobs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Counts what comes to the results topic. */
export async function countResults(kafka: Kafka, topic: string): Promise<ResultCount> {
  const ids = new Set<string>();
  let records = 0;
  let changed = () => {};
  const consumer = kafka.consumer({ groupId: `${topic}-count`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      for (const { key } of batch.messages) ids.add(String(key));
      records += batch.messages.length;
      changed();
      return Promise.resolve();
    },
  });
  return {
    jobs: () => ids.size,
    records: () => records,
    stop: () => consumer.disconnect(),
    async reach(count) {
      while (ids.size < count) await new Promise<void>((resolve) => (changed = resolve));
    },
  };
}

/** Sum of the offsets the group has committed. */
export async function committedSum(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return offsets?.partitions.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0) ?? 0;
}
