import { ConfigResourceTypes, type Kafka } from 'kafkajs';
import { within } from '../within';

/** As long as the client waits for one answer. */
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Settings of topics by name, in the order of the topics; without those that Kafka does not tell.
 *
 * @param answerMs longest wait for all of it, in milliseconds: kafkajs may lose a request, and then waits for ever
 * @throws what kept Kafka from answering, such as a missing right to describe the configuration of a topic
 */
export async function readTopicSettings<Name extends string>(
  kafka: Pick<Kafka, 'admin'>,
  topics: string[],
  names: Name[],
  answerMs = ANSWER_TIMEOUT_MS,
): Promise<Map<Name, string>[]> {
  return await within(answerMs, read(kafka, topics, names), () => {
    throw new Error(`Kafka did not tell the settings of a topic within ${answerMs} ms`);
  });
}

async function read<Name extends string>(
  kafka: Pick<Kafka, 'admin'>,
  topics: string[],
  names: Name[],
): Promise<Map<Name, string>[]> {
  const admin = kafka.admin({ retry: { retries: 2 } });
  await admin.connect();
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: names })),
    });
    return topics.map((topic) => {
      const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
      return new Map(entries.map(({ configName, configValue }) => [configName as Name, configValue]));
    });
  } finally {
    await admin.disconnect();
  }
}
