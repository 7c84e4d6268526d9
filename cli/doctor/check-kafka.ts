import { checkDeadLetterTopic } from '../../bridge/kafka/check-dead-letter-topic';
import { messageOf } from '../../contracts/errors';
import { RESULT_MAX_BYTES_MIN } from '../../contracts/limits';
import type { Config } from '../../runtime/config/config';
import { commandFor } from '../../runtime/in-user-terms';
import type { Kafka } from '../../runtime/kafka/client';
import { withOffsets } from '../../runtime/kafka/offsets';
import { readTopicSettings } from '../../runtime/kafka/topic-settings';
import { ok, runCheck, skipped, warning, wrong, type Finding, type Verdict } from './findings';

type KafkaConfig = Pick<Config, 'kafka' | 'topics' | 'bridge'>;

/** Brokers, topics, and the consumer group of the bridges. */
export async function checkKafka(kafka: Kafka, config: KafkaConfig): Promise<Finding[]> {
  const { topics, bridge } = config;
  const brokers = await runCheck('Kafka', () => checkBrokers(kafka, config));
  const rest: [string, () => Promise<Verdict>][] = [
    ['queue topic', () => checkTopic(kafka, 'QUEUE_TOPIC', topics.queue)],
    ['results topic', () => checkTopic(kafka, 'RESULTS_TOPIC', topics.results)],
    ['dead-letter topic', () => checkDeadLetters(kafka, topics)],
    ['bridge', () => checkGroup(kafka, bridge.groupId, topics.queue)],
  ];
  const names = rest.map(([name]) => name);
  if (brokers.state === 'wrong') return [brokers, ...skipped(names, 'Kafka')];
  return [brokers, ...(await Promise.all(rest.map(([name, check]) => runCheck(name, check))))];
}

async function checkBrokers(kafka: Kafka, { kafka: { brokers } }: KafkaConfig): Promise<Verdict> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return ok(`${cluster.brokers.length} broker(s) at ${brokers.join(',')}`);
  } catch (error) {
    return wrong(
      `does not answer at ${brokers.join(',')}: ${messageOf(error)}`,
      'Start it, or correct KAFKA_BROKERS, KAFKA_TLS and KAFKA_SASL_...',
    );
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function checkTopic(kafka: Kafka, variable: string, topic: string): Promise<Verdict> {
  const partitions = await withOffsets(kafka, async (offsets) =>
    (await offsets.topicExists(topic)) ? (await offsets.ranges(topic)).length : 0,
  );
  if (partitions === 0) return wrong(`there is no topic ${topic}`, `Create it, or correct ${variable}.`);
  const [settings] = await readTopicSettings(kafka, [topic], ['cleanup.policy', 'max.message.bytes']);
  const policy = settings?.get('cleanup.policy') ?? '(not told)';
  const maxBytes = settings?.get('max.message.bytes') ?? '(not told)';
  const found = `${topic}: ${partitions} partition(s), cleanup.policy ${policy}, max.message.bytes ${maxBytes}`;
  if (policy.includes('compact') && variable === 'RESULTS_TOPIC') {
    const todo = 'Set cleanup.policy=delete, unless only the newest result of a job is wanted.';
    return warning(`${found}: of several results of a job only the last is kept`, todo);
  }
  if (policy.includes('compact')) {
    const what = 'refuses records without a key, and forgets all but the last with the same one';
    return wrong(`${found}: ${what}`, 'Set cleanup.policy=delete.');
  }
  if (Number(maxBytes) < RESULT_MAX_BYTES_MIN) {
    return wrong(`${found}: too little`, `Set max.message.bytes to ${RESULT_MAX_BYTES_MIN} or more.`);
  }
  return ok(found);
}

/** And what the bridge looks at when it starts. */
async function checkDeadLetters(kafka: Kafka, topics: Config['topics']): Promise<Verdict> {
  const topic = await checkTopic(kafka, 'DLQ_TOPIC', topics.deadLetters);
  if (topic.state === 'wrong') return topic;
  const warnings: string[] = [];
  const logger = { warn: (...args: unknown[]) => void warnings.push(String(args.at(-1))) };
  await checkDeadLetterTopic({ kafka, topics, logger: logger as never });
  const todo = `Raise max.message.bytes of ${topics.deadLetters}.`;
  return warnings.length > 0 ? warning(warnings.join('; '), todo) : topic;
}

async function checkGroup(kafka: Kafka, groupId: string, topic: string): Promise<Verdict> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    const members = groups[0]?.members.length ?? 0;
    const lag = await withOffsets(kafka, async (offsets) => {
      const committed = await offsets.committed(groupId, topic);
      const ranges = await offsets.ranges(topic);
      return ranges.reduce(
        (sum, { partition, from, to }) => sum + Math.max(0, to - (committed.get(partition) ?? from)),
        0,
      );
    });
    const found = `${members} in group ${groupId}, ${lag.toLocaleString('en-US')} record(s) not handed over`;
    if (members > 0) return ok(found);
    const todo = `Start one (\`${commandFor('bridge')}\`), or correct KAFKA_GROUP_ID. Without it jobs come in over HTTP only.`;
    return warning(found, todo);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
