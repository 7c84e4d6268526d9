import type { Kafka } from 'kafkajs';
import { messageOf } from '../../contracts/errors';
import type { Config } from '../../runtime/config/config';
import { readTopicSettings } from '../../runtime/kafka/topic-settings';
import type { Logger } from '../../runtime/logger';

export interface CheckDeadLetterTopicOptions {
  kafka: Pick<Kafka, 'admin'>;
  topics: Pick<Config['topics'], 'queue' | 'deadLetters'>;
  logger: Pick<Logger, 'warn'>;
}

/** Warns when the dead-letter topic does not take every record that the queue topic takes. Never throws. */
export async function checkDeadLetterTopic({
  kafka,
  topics,
  logger,
}: CheckDeadLetterTopicOptions): Promise<void> {
  try {
    const [queue, deadLetters] = await readTopicSettings(
      kafka,
      [topics.queue, topics.deadLetters],
      ['max.message.bytes', 'cleanup.policy'],
    );
    const [fromQueue, taken] = [queue?.get('max.message.bytes'), deadLetters?.get('max.message.bytes')];
    if (Number(taken) < Number(fromQueue)) {
      logger.warn(
        `topic ${topics.queue} takes records of ${fromQueue} bytes (max.message.bytes), but ${topics.deadLetters} only of ` +
          `${taken}: a dead letter larger than that is written without its value`,
      );
    }
    if (deadLetters?.get('cleanup.policy')?.includes('compact')) {
      logger.warn(
        `topic ${topics.deadLetters} is compacted (cleanup.policy): it refuses dead letters without a key, at which the ` +
          'partition of such a record stands still, and forgets all but the last of those with the same key',
      );
    }
  } catch (error) {
    logger.warn(
      { reason: messageOf(error) },
      'could not compare the settings of queue and dead-letter topic',
    );
  }
}
