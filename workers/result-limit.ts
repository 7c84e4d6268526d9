import { messageOf } from '../contracts/errors';
import { RESULT_MAX_BYTES_MIN } from '../contracts/limits';
import type { Kafka } from '../runtime/kafka/client';
import { readTopicSettings } from '../runtime/kafka/topic-settings';
import type { Logger } from '../runtime/logger';

/** Of a record batch with one record, key and headers included. */
const RECORD_OVERHEAD_BYTES = 2_000;

export interface ResultLimitOptions {
  kafka: Pick<Kafka, 'admin'>;
  topic: string;
  /** RESULT_MAX_BYTES. */
  maxBytes: number;
  logger: Pick<Logger, 'warn'>;
}

/**
 * Bytes a result may have: `maxBytes`, or what the results topic takes now, if that is less. A larger one fails its job; a smaller one that
 * the topic refuses later waits until it is taken. Never throws.
 */
export async function resultLimit({ kafka, topic, maxBytes, logger }: ResultLimitOptions): Promise<number> {
  const reason = `RESULT_MAX_BYTES is ${maxBytes}`;
  try {
    const [settings] = await readTopicSettings(kafka, [topic], ['max.message.bytes']);
    const taken = settings?.get('max.message.bytes');
    if (taken === undefined || Number(taken) - RECORD_OVERHEAD_BYTES >= maxBytes) return maxBytes;
    const limit = Math.max(RESULT_MAX_BYTES_MIN, Number(taken) - RECORD_OVERHEAD_BYTES);
    logger.warn(
      `${reason}, but topic ${topic} takes only ${taken} bytes (max.message.bytes): jobs with a result of more than ${limit} fail` +
        (limit > Number(taken) ? ', and those between the two wait until the topic takes them' : ''),
    );
    return limit;
  } catch (error) {
    logger.warn(
      { topic, reason: messageOf(error) },
      `could not read what the results topic takes; ${reason}`,
    );
    return maxBytes;
  }
}
