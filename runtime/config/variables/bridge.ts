import { flag, oneOf, wholeNumber } from './kinds';

export const bridge = {
  PACK_MAX: wholeNumber(1, 200, 50, 'Most jobs in one workflow. 1 gives every job a workflow of its own.'),
  PACK_MAX_BYTES: wholeNumber(
    1_024,
    1_500_000,
    524_288,
    'Most bytes of records in one workflow. Temporal refuses a payload of more than 2 MB.',
  ),
  PACK_LINGER_MS: wholeNumber(
    0,
    10_000,
    500,
    'So long after a pack that is not full nothing more is fetched from its broker, in milliseconds, so that records that arrive meanwhile share the next ' +
      'pack. A record after a pause starts its workflow at once, and beside a backlog nothing waits. 0: nothing ever waits.',
  ),
  BRIDGE_START_CONCURRENCY: wholeNumber(
    1,
    64,
    12,
    'Workflow starts under way at a time, and as many look-ups, claims of job ids and dead letters. A server is saturated by 8; more only makes each of them slower.',
  ),
  BRIDGE_BACKLOG_HIGH: wholeNumber(
    1,
    1_000_000,
    2_000,
    'Packs waiting for a worker in Temporal at which the bridge pauses; records wait in Kafka then. A bridge starts at most that ' +
      'many in 5 s, since Temporal counts no more often.',
  ),
  BRIDGE_BACKLOG_LOW: wholeNumber(
    0,
    999_999,
    1_000,
    'Packs waiting for a worker at which it goes on. Less than `BRIDGE_BACKLOG_HIGH`.',
  ),
  BRIDGE_IN_FLIGHT_HIGH: wholeNumber(
    1,
    10_000_000,
    10_000,
    "Packs in flight (running workflows of `HEADWAY_TASK_QUEUE` with `HeadwayStatus = 'running'`, as Temporal UI shows them) at which the bridge pauses. It is what " +
      'bounds them while the LLM provider is away. What only waits for its `notBefore` is not among them.',
  ),
  BRIDGE_IN_FLIGHT_LOW: wholeNumber(
    0,
    9_999_999,
    8_000,
    'Packs in flight at which it goes on. Less than `BRIDGE_IN_FLIGHT_HIGH`.',
  ),
  BRIDGE_STRICT_RETENTION: flag(
    false,
    'Refuse to start, instead of warning, when Temporal forgets a workflow, or the ledger a job id, before Kafka forgets ' +
      'the records: one that is read again after that would run again. Also without the right to ask (`DescribeConfigs` on the queue topic); ' +
      'servers that are away are waited for.',
  ),
  JOB_ID_DEDUPE: oneOf(
    ['off', 'ledger'],
    'off',
    '`ledger`: of several records with the same job id only the first is worked on; the ids are kept in PostgreSQL ' +
      '(`DATABASE_URL`). The same for all bridges of a group.',
  ),
  JOB_ID_RETENTION_HOURS: wholeNumber(
    1,
    87_600,
    192,
    'How long the ledger keeps a job id: a second record with it is recognised for that long.',
  ),
};
