// Sends jobs, one JSON object a line, and prints their results as they come:
//
//   node examples/send-jobs.mjs < my-jobs.jsonl
//
// Any Kafka client will do; this is what a producer and a consumer of results look like with kafkajs.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import kafkajs from 'kafkajs';

const brokers = process.env.KAFKA_BROKERS ?? localStack().kafkaBrokers;
const kafka = new kafkajs.Kafka({
  clientId: 'send-jobs',
  brokers: brokers.split(','),
  logLevel: kafkajs.logLevel.ERROR,
});

const jobs = [];
for await (const line of createInterface({ input: process.stdin }))
  if (line.trim()) jobs.push(JSON.parse(line));
for (const [index, job] of jobs.entries()) job.id ??= `example-${Date.now()}-${index}`;
const open = new Set(jobs.map((job) => job.id));

const consumer = kafka.consumer({ groupId: `send-jobs-${Date.now()}` });
await consumer.connect();
await consumer.subscribe({ topic: process.env.RESULTS_TOPIC ?? 'x-jobs-results', fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    if (!open.delete(message.key?.toString())) return;
    console.log(JSON.stringify(JSON.parse(message.value.toString()), undefined, 2));
    if (open.size === 0) process.exit(0);
  },
});

const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
const messages = jobs.map((job) => ({ key: job.id, value: JSON.stringify(job) }));
await producer.send({ topic: process.env.QUEUE_TOPIC ?? 'x-jobs-queue', messages });
console.error(`sent ${jobs.length}; waiting for their results`);

function localStack() {
  try {
    return JSON.parse(readFileSync(new URL('../.headway/stack.json', import.meta.url), 'utf8'));
  } catch {
    console.error('No local stack is running: start one with npm run stack, or set KAFKA_BROKERS.');
    process.exit(1);
  }
}
