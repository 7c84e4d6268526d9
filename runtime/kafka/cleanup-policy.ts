import { ConfigResourceTypes, type Kafka } from 'kafkajs';

/**
 * What becomes of a topic's old records: `delete`, `compact` or both. Undefined when Kafka does not tell us, for which one needs the
 * right to describe the topic's configuration. https://kafka.apache.org/documentation/#topicconfigs_cleanup.policy
 *
 * @throws what kept Kafka from answering
 */
export async function readCleanupPolicy(kafka: Kafka, topic: string): Promise<string | undefined> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] };
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
    return resources[0]?.configEntries[0]?.configValue;
  } catch (error) {
    if ((error as { type?: unknown }).type === 'TOPIC_AUTHORIZATION_FAILED') return undefined;
    throw error;
  } finally {
    await admin.disconnect();
  }
}
