import type { Admin, Kafka } from 'kafkajs';

const CHUNK = 5_000;
export const PARTITIONS = 12;

/** The value of each record that `produceJobs` writes. */
export const benchRequest = JSON.stringify({
  pipeline: 'company-brief',
  input: {
    company: 'Vantorp Steel',
    domain: 'vantorp.example',
    question: 'Who are their competitors?',
  },
  tenant: 'bench',
});

/** Writes that many requests of the example pipeline, spread evenly. */
export async function produceJobs(
  kafka: Kafka,
  topic: string,
  jobs: number,
  onProgress: (produced: number) => void = () => undefined,
): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  for (let from = 0; from < jobs; from += CHUNK) {
    const count = Math.min(CHUNK, jobs - from);
    const messages = Array.from({ length: count }, (_, index) => ({
      value: benchRequest,
      partition: index % PARTITIONS,
    }));
    await producer.send({ topic, messages });
    onProgress(from + count);
  }
  await producer.disconnect();
}

export interface Seen {
  at: number;
  before: number;
}

export interface ResultCount {
  /** Jobs with a result. */
  jobs(): number;
  /** Result records. */
  records(): number;
  reach(jobs: number): Promise<void>;
  /** The result of a job: when it came, and how many jobs had theirs before. */
  of(jobId: string): Promise<Seen>;
  stop(): Promise<void>;
}

/** Counts what comes to the results topic. */
export async function countResults(kafka: Kafka, topic: string): Promise<ResultCount> {
  const ids = new Map<string, Seen>();
  let records = 0;
  const waiting = new Set<() => void>();
  const changed = () => new Promise<void>((resolve) => waiting.add(resolve));
  const consumer = kafka.consumer({ groupId: `${topic}-count`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      const at = Date.now();
      for (const { key } of batch.messages) {
        if (!ids.has(String(key))) ids.set(String(key), { at, before: ids.size });
      }
      records += batch.messages.length;
      for (const resolve of waiting) resolve();
      waiting.clear();
      return Promise.resolve();
    },
  });
  return {
    jobs: () => ids.size,
    records: () => records,
    stop: () => consumer.disconnect(),
    async reach(count) {
      while (ids.size < count) await changed();
    },
    async of(jobId) {
      for (;;) {
        const seen = ids.get(jobId);
        if (seen) return seen;
        await changed();
      }
    },
  };
}

/** Sum of the offsets the group has committed. */
export async function committedSum(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return offsets?.partitions.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0) ?? 0;
}
