import { randomBytes } from 'node:crypto';
import { Kafka, logLevel, type Admin, type Consumer, type Producer } from 'kafkajs';
import { Client, Connection } from '@temporalio/client';
import type { JobRequest } from '../../contracts/job-request';
import { jobResultSchema, type JobResult } from '../../contracts/job-result';
import { loadConfig } from '../../runtime/config/config';
import { readLocalStack } from '../../runtime/local-stack';
import { createDataConverter } from '../../runtime/payload-store/data-converter';
import type { CallCounts } from '../../stack/llm-simulator/counters';
import { eventually } from './eventually';
import { startProcess, type HeadwayProcess } from './processes';

export interface DeadLetterRecord {
  key: string | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

export interface ResultRecord {
  key: string;
  bytes: string;
  headers: Record<string, string>;
  result: JobResult;
}

/** Topics, group and task queues of one test, on the servers all tests share. */
export interface Rig {
  name: string;
  env: Record<string, string>;
  kafka: Kafka;
  admin: Admin;
  client: Client;
  queue: string;
  group: string;
  /** Every result record so far, in order of arrival. */
  results: ResultRecord[];
  deadLetters: DeadLetterRecord[];
  /** Writes job requests, keyed by id; `partition` puts them all into one. */
  produce(jobs: JobRequest[], partition?: number): Promise<void>;
  produceRaw(values: (Buffer | string | null)[], partition?: number): Promise<void>;
  startBridge(env?: NodeJS.ProcessEnv): Promise<HeadwayProcess>;
  startWorker(env?: NodeJS.ProcessEnv): Promise<HeadwayProcess>;
  /** Resolves when there is a result for each of these ids. */
  resultsFor(ids: string[]): Promise<Map<string, ResultRecord[]>>;
  /** Committed offsets by partition, -1 where there is none. */
  committed(group?: string): Promise<number[]>;
  /** LLM calls the simulator has accepted for a job. */
  llmCalls(jobId: string): Promise<number>;
  /** Those of them that were stopped at the provider. */
  llmCallsStopped(jobId: string): Promise<number>;
  close(): Promise<void>;
}

export async function createRig(
  options: { partitions?: number; env?: Record<string, string>; maxMessageBytes?: number } = {},
): Promise<Rig> {
  const { partitions = 1, maxMessageBytes } = options;
  const largeRecords =
    maxMessageBytes === undefined ? [] : [{ name: 'max.message.bytes', value: String(maxMessageBytes) }];
  // When a dead letter was written is then what the broker says, not what its sender claims.
  const brokersTime = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
  const stack = readLocalStack();
  if (!stack?.kafkaBrokers || !stack.temporalAddress) throw new Error('The test stack is not running');
  const name = `t${randomBytes(4).toString('hex')}`;
  const topics = { queue: `${name}-queue`, results: `${name}-results`, deadLetters: `${name}-dlq` };
  const env = {
    QUEUE_TOPIC: topics.queue,
    RESULTS_TOPIC: topics.results,
    DLQ_TOPIC: topics.deadLetters,
    KAFKA_GROUP_ID: `${name}-bridge`,
    HEADWAY_TASK_QUEUE: name,
    HEADWAY_LLM_TASK_QUEUE: `${name}-llm`,
    WORKER_SHUTDOWN_GRACE_MS: '1000',
    ...options.env,
  };
  const kafka = new Kafka({
    brokers: stack.kafkaBrokers.split(','),
    clientId: name,
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: 1,
      configEntries: topic === topics.deadLetters ? [...largeRecords, ...brokersTime] : largeRecords,
    })),
  });
  const producer: Producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const dataConverter = createDataConverter(loadConfig({ ...process.env, ...env }, ['temporal']).temporal);
  const client = new Client({ connection, namespace: stack.temporalNamespace, dataConverter });

  const results: ResultRecord[] = [];
  const deadLetters: DeadLetterRecord[] = [];
  const consumer: Consumer = kafka.consumer({ groupId: `${name}-test`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topics.results, topics.deadLetters], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ topic, message }) => {
      const headers = Object.fromEntries(
        Object.entries(message.headers ?? {}).map(([key, value]) => [key, String(value)] as const),
      );
      if (topic === topics.deadLetters) {
        deadLetters.push({ key: message.key?.toString() ?? null, value: message.value, headers });
      } else {
        const bytes = message.value?.toString() ?? '';
        const result = jobResultSchema.parse(JSON.parse(bytes));
        results.push({ key: message.key?.toString() ?? '', bytes, headers, result });
      }
      return Promise.resolve();
    },
  });

  const rig: Rig = {
    name,
    env,
    kafka,
    admin,
    client,
    queue: topics.queue,
    group: env.KAFKA_GROUP_ID,
    results,
    deadLetters,
    async produce(jobs, partition) {
      const messages = jobs.map((job) => ({ key: job.id ?? null, value: JSON.stringify(job), partition }));
      await producer.send({ topic: topics.queue, acks: -1, messages });
    },
    async produceRaw(values, partition) {
      const messages = values.map((value) => ({ key: null, value, partition }));
      await producer.send({ topic: topics.queue, acks: -1, messages });
    },
    async startBridge(more = {}) {
      const bridge = startProcess('bridge/kafka/main.js', { ...env, ...more });
      await bridge.logged(/joined the group/);
      return bridge;
    },
    async startWorker(more = {}) {
      const worker = startProcess('workers/main.js', { ...env, ...more });
      await worker.logged(/worker is up/);
      return worker;
    },
    async resultsFor(ids) {
      const byId = () => {
        const found = new Map<string, ResultRecord[]>(ids.map((id) => [id, []]));
        for (const record of results) found.get(record.key)?.push(record);
        return found;
      };
      await eventually(`a result for each of ${ids.length} jobs`, () => {
        const missing = [...byId()].filter(([, records]) => records.length === 0).map(([id]) => id);
        return missing.length === 0 || `missing ${missing.length}: ${missing.slice(0, 5).join(', ')}`;
      });
      return byId();
    },
    async committed(group = env.KAFKA_GROUP_ID) {
      const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topics.queue] });
      return [...(offsets?.partitions ?? [])]
        .sort((a, b) => a.partition - b.partition)
        .map(({ offset }) => Number(offset));
    },
    llmCalls: async (jobId) => (await countCalls(jobId)).accepted,
    llmCallsStopped: async (jobId) => (await countCalls(jobId)).cancelled,
    async close() {
      await Promise.all([consumer.disconnect(), producer.disconnect()]);
      await admin.disconnect();
      await connection.close();
    },
  };
  return rig;

  async function countCalls(jobId: string): Promise<CallCounts> {
    const url = new URL('/simulator/calls', stack?.llmBaseUrl);
    url.searchParams.set('job', jobId);
    const { jobs } = (await (await fetch(url)).json()) as { jobs: Record<string, CallCounts> };
    const counts = jobs[jobId];
    if (!counts) throw new Error(`The simulator says nothing of job ${jobId}`);
    return counts;
  }
}

let sequence = 0;

/** Requests for the example pipeline. A directive such as `slow` or `malformed times=1` goes to the LLM simulator. */
export function briefs(count: number, prefix: string, directive?: string): (JobRequest & { id: string })[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${prefix}-${index}`,
    pipeline: 'company-brief',
    input: {
      company: 'Vantorp Steel',
      domain: 'vantorp.example',
      question: `Question ${sequence++} about the market?${directive ? ` [[simulate: ${directive}]]` : ''}`,
    },
  }));
}

export const idsOf = (jobs: { id: string }[]): string[] => jobs.map((job) => job.id);
