import { KafkaJSProtocolError, KafkaJSSASLAuthenticationError } from 'kafkajs';

/** Whether the broker refused records for their size, so that sending them again would change nothing. */
export function isTooLarge(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (!(inner instanceof KafkaJSProtocolError)) continue;
    return inner.type === 'MESSAGE_TOO_LARGE' || inner.type === 'RECORD_LIST_TOO_LARGE';
  }
  return false;
}

/** Whether the broker refused records for the lack of a right, before it looked at them. */
export function isRefused(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (!(inner instanceof KafkaJSProtocolError)) continue;
    return inner.type === 'TOPIC_AUTHORIZATION_FAILED' || inner.type === 'CLUSTER_AUTHORIZATION_FAILED';
  }
  return false;
}

/** Whether a broker refused a request, or the login, so that asking again would change nothing. */
export function isRefusedForGood(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof KafkaJSSASLAuthenticationError) return true;
    if (inner instanceof KafkaJSProtocolError) return !inner.retriable;
  }
  return false;
}

/** What a broker answers to a transaction that is no longer ours. kafkajs does not know 90, PRODUCER_FENCED. https://kafka.apache.org/protocol#protocol_error_codes */
const fencedTypes = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'PRODUCER_FENCED',
]);

/** Whether another producer has the transactional id now, or the broker ended a transaction that took too long. */
export function isFenced(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (!(inner instanceof KafkaJSProtocolError)) continue;
    return fencedTypes.has(inner.type) || inner.code === 90;
  }
  return false;
}

/** Whether Kafka did not answer at all. */
export function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error && /^KafkaJS(Connection|NumberOfRetriesExceeded|BrokerNotFound)/.test(error.name)
  );
}
