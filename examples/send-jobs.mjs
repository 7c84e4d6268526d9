// Sends jobs, one JSON object a line, and prints their results as they come:
//
//   node examples/send-jobs.mjs < my-jobs.jsonl
//
// A line that is no JSON object is sent too, as it is: it becomes a dead letter, which is told of. One with a `specversion` is sent as a
// CloudEvent, in structured content mode, or with CONTENT_MODE=binary in the other one.
// Any Kafka client will do; this is what a producer and a consumer of results look like with kafkajs.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import kafkajs from 'kafkajs';

const brokers = process.env.KAFKA_BROKERS ?? localStack().kafkaBrokers;
const kafka = new kafkajs.Kafka({
  clientId: 'send-jobs',
  brokers: brokers.split(','),
  logLevel: kafkajs.logLevel.NOTHING,
});

const startedAt = Date.now();
const messages = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) messages.push(toMessage(line, `example-${startedAt}-${messages.length}`));
}
if (messages.length === 0) fail('No jobs on standard input: one JSON object a line.');
const open = new Set(messages.map(({ key }) => key));

const resultsTopic = process.env.RESULTS_TOPIC ?? 'x-jobs-results';
const consumer = kafka.consumer({ groupId: `send-jobs-${startedAt}` });
await consumer.connect();
await consumer.subscribe({
  topics: [resultsTopic, process.env.DLQ_TOPIC ?? 'x-jobs-dlq'],
  fromBeginning: true,
});
await consumer.run({
  eachMessage: async ({ topic, message: { key, value, headers } }) => {
    const id = key?.toString();
    if (topic === resultsTopic) {
      const result = JSON.parse(value.toString());
      // Not the result of an earlier job with the same id.
      if (result.source.timestamp < startedAt || !open.delete(id)) return;
      console.log(JSON.stringify(result, undefined, 2));
    } else {
      if (Date.parse(String(headers['__dlq.errors.timestamp'])) < startedAt || !open.delete(id)) return;
      const reason = `${headers['__dlq.errors.class']}: ${headers['__dlq.errors.message']}`;
      console.error(`${id} is not a job (${reason}); its record is in the dead-letter topic`);
      process.exitCode = 1;
    }
    if (open.size === 0) process.exit();
  },
});

const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
const topic = process.env.QUEUE_TOPIC ?? 'x-jobs-queue';
await producer
  .send({ topic, messages })
  .catch((error) => fail(`${topic} does not take the records: ${error.message}`));
console.error(`sent ${messages.length}; waiting for their results`);
setInterval(() => {
  const some = [...open].slice(0, 3).join(', ');
  console.error(
    `still waiting for ${open.size}: ${some}. \`npx headway status ID\` says where a job stands; a bridge and a worker must be ` +
      'running. With JOB_ID_DEDUPE=ledger an id that came before has no new result.',
  );
}, 60_000);

/** A job gets an id where it has none, so that its result is found by it. */
function toMessage(line, newId) {
  let job;
  try {
    job = JSON.parse(line);
  } catch {
    return { key: newId, value: line };
  }
  const isObject = typeof job === 'object' && job !== null && !Array.isArray(job);
  if (!isObject) return { key: newId, value: line };
  if (job.specversion !== undefined) return toEventMessage(job);
  const id = job.id ?? newId;
  return { key: String(id), value: JSON.stringify({ ...job, id }) };
}

/** The job has the id of its request, or else one that is made of the event's source and id. */
function toEventMessage({ data, ...attributes }) {
  const key = String(data?.id ?? `${attributes.source}#${attributes.id}`);
  if (process.env.CONTENT_MODE !== 'binary') {
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    return { key, headers, value: JSON.stringify({ ...attributes, data }) };
  }
  const { datacontenttype = 'application/json', ...others } = attributes;
  const prefixed = Object.entries(others).map(([name, value]) => [`ce_${name}`, String(value)]);
  const headers = { ...Object.fromEntries(prefixed), 'content-type': datacontenttype };
  return { key, headers, value: JSON.stringify(data ?? null) };
}

function localStack() {
  try {
    const file = process.env.HEADWAY_STACK_FILE ?? new URL('../.headway/stack.json', import.meta.url);
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.error('No local stack is running: start one with npm run stack, or set KAFKA_BROKERS.');
    process.exit(1);
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
