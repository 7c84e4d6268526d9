import { ConfigResourceTypes, type Kafka } from 'kafkajs';

/**
 * Settings of topics by name, in the order of the topics; without those that Kafka does not tell.
 *
 * @throws what kept Kafka from answering, such as a missing right to describe the configuration of a topic
 */
export async function readTopicSettings<Name extends string>(
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
