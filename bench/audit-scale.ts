import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { JobResult } from '../contracts/job-result';
import { loadConfig } from '../runtime/config/config';
import { projectRoot } from '../runtime/project-root';
import { runMain } from '../runtime/run-main';

const help = `npm run bench:audit -- [options]

Time and memory of \`headway audit\` with many records, on the servers of the running local stack. Produces records and
matching results to topics of its own, which it deletes afterwards; no job is run.

  --records N     how many (default 1000000)
  --partitions N  of both topics (default 4)
`;

interface Topics {
  queue: string;
  results: string;
  deadLetters: string;
}

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '1000000' },
      partitions: { type: 'string', default: '4' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const [records, partitions] = [Number(values.records), Number(values.partitions)];
  const { kafka: config } = loadConfig(process.env, ['kafka']);
  const kafka = new Kafka({ brokers: config.brokers, logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  const producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  const name = `audit-bench-${process.pid}`;
  const topics = { queue: `${name}-queue`, results: `${name}-results`, deadLetters: `${name}-dlq` };
  const all = Object.values(topics);
  await admin.createTopics({ topics: all.map((topic) => ({ topic, numPartitions: partitions })) });
  try {
    await produce(producer, topics, records, partitions);
    await admin.setOffsets({
      groupId: name,
      topic: topics.queue,
      partitions: (await admin.fetchTopicOffsets(topics.queue)).map(({ partition, high }) => ({
        partition,
        offset: high,
      })),
    });
    await measure(topics, name);
  } finally {
    await admin.deleteTopics({ topics: all });
    await admin.deleteGroups([name]);
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
});

const BATCH = 5_000;

async function produce(producer: Producer, topics: Topics, records: number, partitions: number) {
  // Not long ago, or retention would delete the records at once.
  const beganAt = Date.now() - 3_600_000;
  const next = new Array<number>(partitions).fill(0);
  for (let from = 0; from < records; from += BATCH) {
    const partition = (from / BATCH) % partitions;
    const jobs = Array.from({ length: Math.min(BATCH, records - from) }, (_, index) => {
      const offset = next[partition] ?? 0;
      next[partition] = offset + 1;
      return { id: `${topics.queue}-job-${from + index}`, offset, timestamp: beganAt + offset };
    });
    const queue = jobs.map(({ id, timestamp }) => {
      const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question: 'Who competes?' };
      const value = JSON.stringify({ id, pipeline: 'company-brief', input });
      return { partition, key: id, value, timestamp: String(timestamp) };
    });
    const results = jobs.map((job) => {
      const result = resultOf(topics.queue, partition, job);
      return { partition, key: job.id, value: JSON.stringify(result) };
    });
    await producer.sendBatch({
      topicMessages: [
        { topic: topics.queue, messages: queue },
        { topic: topics.results, messages: results },
      ],
    });
    if (from % (BATCH * 40) === 0) process.stderr.write(`produced ${from}\n`);
  }
}

function resultOf(topic: string, partition: number, job: { id: string; offset: number; timestamp: number }) {
  const { id, offset, timestamp } = job;
  const at = new Date(timestamp).toISOString();
  return {
    id,
    pipeline: 'company-brief',
    status: 'completed',
    output: { summary: 'An answer of ordinary length. '.repeat(15) },
    usage: { inputTokens: 900, outputTokens: 300, webSearches: 1, llmCalls: 1 },
    timings: { receivedAt: at, startedAt: at, completedAt: at, queuedMs: 5, llmMs: 7_000, totalMs: 7_100 },
    source: { door: 'kafka', topic, partition, offset: String(offset), timestamp },
    workflow: { id: `${topic}-${partition}-${offset}-${timestamp}`, runId: 'none' },
  } satisfies JobResult;
}

/** Runs the command as a user does, and follows its memory. */
async function measure(topics: Topics, group: string): Promise<void> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', 'cli', 'main.js'), 'audit'], {
    env: {
      ...process.env,
      QUEUE_TOPIC: topics.queue,
      RESULTS_TOPIC: topics.results,
      DLQ_TOPIC: topics.deadLetters,
      KAFKA_GROUP_ID: group,
    },
    stdio: 'inherit',
  });
  let peakKilobytes = 0;
  let cpuSeconds = 0;
  const look = async () => {
    const [status, stat] = await Promise.all(
      ['status', 'stat'].map((file) => readFile(`/proc/${child.pid}/${file}`, 'utf8')),
    );
    peakKilobytes = Number(/VmHWM:\s+(\d+)/.exec(status ?? '')?.[1] ?? peakKilobytes);
    // User and system time, in ticks of 10 ms. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const fields = (stat ?? '').split(') ')[1]?.split(' ') ?? [];
    cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
  };
  // It ends between two looks.
  const timer = setInterval(() => void look().catch(() => undefined), 250);
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1_000;
  process.stdout.write(
    `\naudit: ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU), at most ` +
      `${Math.round(peakKilobytes / 1_024)} MB resident, exit code ${String(exitCode)}\n`,
  );
}
