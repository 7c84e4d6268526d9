/**
 * Record headers. The dead-letter names are those Kafka 4.4 uses for its own dead-letter queues (KIP-1191);
 * `class`, `stage` and `timestamp` are additions of ours.
 */
export const deadLetterHeaders = {
  topic: '__dlq.errors.topic',
  partition: '__dlq.errors.partition',
  offset: '__dlq.errors.offset',
  group: '__dlq.errors.group',
  message: '__dlq.errors.message',
  class: '__dlq.errors.class',
  stage: '__dlq.errors.stage',
  timestamp: '__dlq.errors.timestamp',
} as const;

/** W3C Trace Context, https://www.w3.org/TR/trace-context/ */
export const traceHeaders = { traceparent: 'traceparent', tracestate: 'tracestate' } as const;

export const resultHeaders = { status: 'headway-status', pipeline: 'headway-pipeline' } as const;

/** How often a record was taken from the dead-letter topic back to the queue. A dead letter keeps it, since it keeps all headers. */
export const redriveHeaders = { count: 'headway-redrive-count' } as const;
