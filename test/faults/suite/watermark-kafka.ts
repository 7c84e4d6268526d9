import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { COMMITS_TOPIC, readCommit } from './commit-log';
import { placeOf } from './dead-letter-place';
import { followTopics } from './follow-topics';
import { jobIdOf } from './job-id-of';
import type { WatermarkChecks } from './watermark-checks';

/** What Kafka tells the watermark monitor: records, commits and dead letters. */
export interface KafkaView {
  /**
   * Resolves when everything that Kafka had a moment ago has been read.
   *
   * @throws when it has not, or Kafka does not answer
   */
  look(): Promise<void>;
  topicMadeAnew(): void;
  stop(): Promise<void>;
  /** Looks at the committed offsets, commits read from the broker's log among them. */
  looks(): number;
  /** Most records that were in the topic and not yet committed. */
  largestLag(): number;
}

export interface KafkaViewOptions {
  kafka: Kafka;
  queue: string;
  group: string;
  deadLetterTopic: string;
  jobIdsOnce?: boolean;
  /** Is told of everything. */
  checks: WatermarkChecks;
}

interface TopicEnd {
  topic: string;
  partition: number;
  end: number;
}

/** How long the reader may be behind before Kafka counts as away. */
const READ_LOOKS = 100;
const READ_LOOK_MS = 20;

/** Begins to read at once. */
export function createKafkaView(options: KafkaViewOptions): KafkaView {
  const { kafka, queue, group, deadLetterTopic, jobIdsOnce, checks } = options;
  let looks = 0;
  let largestLag = 0;
  let admin: Admin | undefined;
  const follower = followTopics({
    kafka,
    topics: [queue, deadLetterTopic, COMMITS_TOPIC],
    onRecord(topic, partition, message) {
      if (topic === COMMITS_TOPIC) {
        const commit = readCommit(message);
        if (commit?.group !== group || commit.topic !== queue) return;
        looks += 1;
        checks.committed(commit.partition, commit.offset, commit.at);
      } else if (topic === queue) {
        const jobId = jobIdsOnce ? jobIdOf(message.value) : undefined;
        const timestamp = Number(message.timestamp);
        checks.record({ partition, offset: Number(message.offset), timestamp, jobId });
      } else {
        const place = placeOf(message, queue);
        if (place) checks.deadLetter(place.partition, place.offset, place.at);
      }
    },
    onProgress(topic, partition, next) {
      if (topic === queue) checks.readTo(partition, next);
    },
  });

  return {
    async look() {
      try {
        await look();
      } catch (error) {
        await forgetAdmin();
        throw error;
      }
    },
    topicMadeAnew: () => follower.forget(queue),
    async stop() {
      await follower.stop();
      await admin?.disconnect().catch(() => undefined);
    },
    looks: () => looks,
    largestLag: () => largestLag,
  };

  async function look(): Promise<void> {
    if (!admin) {
      const fresh = kafka.admin({ retry: { retries: 1 } });
      await fresh.connect();
      admin = fresh;
    }
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [queue] });
    const at = Date.now();
    const committed = new Map(
      offsets?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
    const ends = await endsOf(admin, [COMMITS_TOPIC, deadLetterTopic, queue]);
    const lag = ends.map(({ topic, partition, end }) =>
      topic === queue ? Math.max(0, end - Math.max(0, committed.get(partition) ?? 0)) : 0,
    );
    largestLag = Math.max(
      largestLag,
      lag.reduce((sum, one) => sum + one, 0),
    );
    // Commits in the log come first, since theirs is the exact time.
    if (!(await untilRead(ends))) throw new Error('the records that Kafka has are not all read yet');
    looks += 1;
    committed.forEach((offset, partition) => checks.committed(partition, offset, at));
  }

  async function endsOf(from: Admin, topics: string[]): Promise<TopicEnd[]> {
    const ends: TopicEnd[] = [];
    for (const topic of topics) {
      const before = follower.positions(topic);
      for (const { partition, high } of await from.fetchTopicOffsets(topic)) {
        const end = Number(high);
        ends.push({ topic, partition, end });
        // It was made anew, and nobody said so.
        if (topic === deadLetterTopic && (before.get(partition) ?? 0) > end) follower.forget(topic);
      }
    }
    return ends;
  }

  async function untilRead(ends: TopicEnd[]): Promise<boolean> {
    const isRead = ({ topic, partition, end }: TopicEnd) =>
      (follower.positions(topic).get(partition) ?? 0) >= end;
    for (let look = 0; look < READ_LOOKS; look++) {
      if (ends.every(isRead)) return true;
      await delay(READ_LOOK_MS);
    }
    return false;
  }

  async function forgetAdmin(): Promise<void> {
    const broken = admin;
    admin = undefined;
    await Promise.race([
      broken?.disconnect().catch(() => undefined),
      delay(1_000, undefined, { ref: false }),
    ]);
  }
}
