import { KafkaJSProtocolError } from 'kafkajs';

/** Whether the broker refused records for their size, so that sending them again would change nothing. */
export function isTooLarge(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (!(inner instanceof KafkaJSProtocolError)) continue;
    return inner.type === 'MESSAGE_TOO_LARGE' || inner.type === 'RECORD_LIST_TOO_LARGE';
  }
  return false;
}
