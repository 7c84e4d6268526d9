import { ConfigResourceTypes, type Admin, type Kafka } from 'kafkajs';
import { HeadwayError } from '../../../contracts/errors';

export interface RedriveTopics {
  queue: string;
  deadLetters: string;
  parking: string;
}

export interface PreparedTopics extends RedriveTopics {
  /** Where it is written which dead letters were sent. */
  markers: string;
  /** False in a dry run before the first redrive. */
  markersExist: boolean;
  queuePartitions: number;
  maxBytes: { queue: number; parking: number };
}

/** The topic beside a dead-letter topic that says which of its letters were sent. */
export function markerTopicOf(deadLetters: string): string {
  return `${deadLetters}-redriven`;
}

/**
 * Looks at the topics a redrive needs, and makes the two of its own where they are missing: markers in a single compacted
 * partition, so that they outlive the letters; and the parking topic, with partitions and settings of the dead-letter topic.
 *
 * @param create false leaves everything as it is
 * @throws HeadwayError `HW_CONFIG_INVALID` when there is no queue or no dead-letter topic of that name
 */
export async function prepareTopics(
  kafka: Kafka,
  topics: RedriveTopics,
  { create }: { create: boolean },
): Promise<PreparedTopics> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const markers = markerTopicOf(topics.deadLetters);
    const existing = new Set(await admin.listTopics());
    for (const [variable, name] of [
      ['DLQ_TOPIC', topics.deadLetters],
      ['QUEUE_TOPIC', topics.queue],
    ] as const) {
      if (!existing.has(name))
        throw new HeadwayError('HW_CONFIG_INVALID', `${variable}: there is no topic ${name}`);
    }
    const settings = await settingsOf(admin, topics.deadLetters);
    const partitions = await partitionsOf(admin, topics.deadLetters);
    const missing = [
      {
        topic: markers,
        numPartitions: 1,
        replicationFactor: -1,
        configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
      },
      {
        topic: topics.parking,
        numPartitions: partitions,
        replicationFactor: -1,
        configEntries: ['retention.ms', 'max.message.bytes'].flatMap((name) => {
          const value = settings.get(name);
          return value === undefined ? [] : [{ name, value }];
        }),
      },
    ].filter(({ topic }) => !existing.has(topic));
    if (create && missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
    const parking =
      create || existing.has(topics.parking) ? await settingsOf(admin, topics.parking) : settings;
    return {
      ...topics,
      markers,
      markersExist: create || existing.has(markers),
      queuePartitions: await partitionsOf(admin, topics.queue),
      maxBytes: {
        queue: maxBytesOf(await settingsOf(admin, topics.queue)),
        parking: maxBytesOf(parking),
      },
    };
  } finally {
    await admin.disconnect();
  }
}

async function partitionsOf(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
}

/** None where Kafka does not tell them: to describe the configuration of a topic is a right of its own. */
async function settingsOf(admin: Admin, topic: string): Promise<Map<string, string>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    const entries = resources[0]?.configEntries ?? [];
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    if ((error as { type?: unknown }).type === 'TOPIC_AUTHORIZATION_FAILED') return new Map();
    throw error;
  }
}

/** Kafka's default where the broker does not tell. */
function maxBytesOf(settings: Map<string, string>): number {
  return Number(settings.get('max.message.bytes') ?? 1_048_588);
}
