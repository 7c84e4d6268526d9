import { z } from 'zod';
import { HOST_PORT, LOCAL_STACK, flag, matching, name, text, topic, variable, wholeNumber } from './kinds';

export const kafka = {
  KAFKA_BROKERS: matching(
    new RegExp(`^\\s*${HOST_PORT}(?:\\s*,\\s*${HOST_PORT})*\\s*$`),
    '`host:port`, several of them separated by commas',
    'Brokers to connect to first.',
    LOCAL_STACK,
  ),
  KAFKA_CLIENT_ID: name('headway', 'Name of this client in the logs and quotas of the brokers.'),
  KAFKA_GROUP_ID: name(
    'headway-bridge',
    'Consumer group of the bridge; its offsets are the progress. A new one [begins with the oldest record](#where-a-new-group-begins).',
  ),
  KAFKA_SESSION_TIMEOUT_MS: wholeNumber(
    4_000,
    300_000,
    6_000,
    'So long after its last heartbeat a bridge that died is a member of the group, in milliseconds, and its partitions stand still. If it is started again before that, ' +
      'the whole group stands still until then. Brokers take 6000 and more, unless their `group.min.session.timeout.ms` says otherwise.',
  ),
  KAFKA_TLS: flag(false, 'Connect to the brokers with TLS.'),
  KAFKA_TLS_CA_FILE: text(
    'PEM file of the authority that signed the certificates of the brokers.',
    'that of Node.js',
  ),
  KAFKA_TLS_CERT_FILE: text('PEM file of the client certificate; needs `KAFKA_TLS_KEY_FILE` too.'),
  KAFKA_TLS_KEY_FILE: text('PEM file of the key of the client certificate.'),
  KAFKA_SASL_MECHANISM: variable(
    z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'], {
        error: 'one of plain, scram-sha-256, scram-sha-512',
      })
      .optional(),
    {
      about: 'How to log in to the brokers; needs `KAFKA_SASL_USERNAME` and `KAFKA_SASL_PASSWORD` too.',
      must: 'one of plain, scram-sha-256, scram-sha-512',
      otherwise: 'no login',
    },
  ),
  KAFKA_SASL_USERNAME: text('User name for the brokers.'),
  KAFKA_SASL_PASSWORD: text('Password for the brokers.', 'not set', true),
  QUEUE_TOPIC: topic('x-jobs-queue', 'Topic the jobs come from.'),
  RESULTS_TOPIC: topic('x-jobs-results', 'Topic the results go to.'),
  DLQ_TOPIC: topic('x-jobs-dlq', 'Topic for records that can never be a job.'),
  PARKING_TOPIC: topic(
    'x-jobs-parked',
    'Topic for dead letters that came back too often; `headway redrive` makes it when it is missing.',
  ),
};
