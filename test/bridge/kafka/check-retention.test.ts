import { KafkaJSProtocolError } from 'kafkajs';
import pino from 'pino';
import { checkRetention, type CheckRetentionOptions } from '../../../bridge/kafka/check-retention';

interface Setting {
  /** Hours; the topic's in milliseconds or -1. */
  namespace: number;
  topicMs: number;
  policy?: string;
  jobIds?: number;
  strict?: boolean;
  /** What Kafka answers, one after the other, before it says how long the topic keeps records. */
  kafkaSays?: (() => Promise<never>)[];
  /** Why Temporal does not say how long it remembers. */
  temporalSays?: Error;
  more?: Partial<CheckRetentionOptions>;
}

const hour = 60 * 60 * 1_000;

/** What the bridge says at its start, by level. */
async function said({
  namespace,
  topicMs,
  policy = 'delete',
  jobIds,
  strict = false,
  kafkaSays = [],
  temporalSays,
  more,
}: Setting) {
  const lines = { info: [] as string[], warn: [] as string[] };
  const answers = [...kafkaSays];
  const logger = pino(
    {},
    {
      write: (line: string) => {
        const { level, msg } = JSON.parse(line) as { level: number; msg: string };
        lines[level >= 40 ? 'warn' : 'info'].push(msg);
      },
    },
  );
  const configEntries = [
    { configName: 'cleanup.policy', configValue: policy },
    { configName: 'retention.ms', configValue: String(topicMs) },
  ];
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    describeConfigs: () =>
      answers.shift()?.() ??
      Promise.resolve({ resources: [{ resourceName: 'x-jobs-queue', configEntries }] }),
  };
  const seconds = namespace * 3_600;
  const client = {
    withDeadline: (_: number, work: () => Promise<unknown>) => work(),
    workflowService: {
      describeNamespace: () =>
        temporalSays
          ? Promise.reject(temporalSays)
          : Promise.resolve({ config: { workflowExecutionRetentionTtl: { seconds } } }),
    },
  };
  await checkRetention({
    kafka: { admin: () => admin },
    client,
    config: {
      bridge: { strictRetention: strict },
      topics: { queue: 'x-jobs-queue' },
      temporal: { namespace: 'default' },
      jobIds: jobIds === undefined ? {} : { ledger: { url: '', retentionMs: jobIds * hour } },
    },
    logger,
    retryAfterMs: 1,
    ...more,
  } as unknown as CheckRetentionOptions);
  return lines;
}

const week = 168 * hour;

it('says for how long a record is recognised, and that job ids are not', async () => {
  const { info, warn } = await said({ namespace: 192, topicMs: week });
  expect(info).toEqual([
    'a record that is read again is recognised for 192 h after its workflow ended (retention of Temporal namespace default), ' +
      'and topic x-jobs-queue keeps records for 168 h; a job id that is sent twice makes two jobs (JOB_ID_DEDUPE=off)',
  ]);
  expect(warn).toEqual([]);
});

it('says for how long a job id is recognised, with the ledger', async () => {
  const { info, warn } = await said({ namespace: 192, topicMs: week, jobIds: 168 });
  expect(info[0]).toMatch(
    /; a job id that is sent again is recognised for 168 h \(JOB_ID_RETENTION_HOURS\)$/,
  );
  expect(warn).toEqual([]);
});

describe('warns when the topic keeps records longer than', () => {
  it.each<[string, Setting, RegExp[]]>([
    [
      'Temporal remembers workflows',
      { namespace: 72, topicMs: week },
      [/^Temporal namespace default remembers .* 72 h, .* 168 h/],
    ],
    [
      'the ledger remembers job ids',
      { namespace: 168, topicMs: week, jobIds: 24 },
      [/^JOB_ID_RETENTION_HOURS .* 24 h, .* 168 h/],
    ],
    [
      'either',
      { namespace: 72, topicMs: -1, jobIds: 1_000 },
      [/^Temporal .* for ever/, /^JOB_ID_.* for ever/],
    ],
    [
      'anything: it is only compacted',
      { namespace: 192, topicMs: week, policy: 'compact' },
      [/^Temporal .* for ever/],
    ],
  ])('%s', async (_, setting, expected) => {
    const { warn } = await said(setting);
    expect(warn).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
    await expect(said({ ...setting, strict: true })).rejects.toMatchObject({
      code: 'HW_CONFIG_INVALID',
      message: expect.stringMatching(/^BRIDGE_STRICT_RETENTION is set, and /) as string,
    });
  });
});

const away = () => Promise.reject(new Error('connection refused'));
const covered = { namespace: 192, topicMs: week };

it('starts all the same when it cannot find out, and says so', async () => {
  const { warn } = await said({ ...covered, kafkaSays: [away] });
  expect(warn).toEqual(['could not compare the retention of namespace and topic']);
});

it('waits for an answer of Kafka that got lost only so long', async () => {
  const never = () => new Promise<never>(() => undefined);
  const { warn } = await said({ ...covered, kafkaSays: [never], more: { answerMs: 20 } });
  expect(warn).toEqual(['could not compare the retention of namespace and topic']);
});

describe('under BRIDGE_STRICT_RETENTION', () => {
  it('waits until servers that are away say it', async () => {
    const { warn, info } = await said({ ...covered, strict: true, kafkaSays: [away, away] });
    const waiting = 'BRIDGE_STRICT_RETENTION is set: waiting for the retention of topic x-jobs-queue';
    expect([warn, info.length]).toEqual([[waiting, waiting], 1]);
    const gap = said({ ...covered, namespace: 72, strict: true, kafkaSays: [away] });
    await expect(gap).rejects.toMatchObject({ code: 'HW_CONFIG_INVALID' });
  });

  it('waits no longer when the bridge stops', async () => {
    const stopping = new AbortController();
    const stop = () => {
      setImmediate(() => stopping.abort(new Error('the bridge stops')));
      return away();
    };
    const more = { signal: stopping.signal, retryAfterMs: 3_600_000 };
    await expect(said({ ...covered, strict: true, kafkaSays: [stop], more })).rejects.toThrow(
      'the bridge stops',
    );
  });

  const kafkaRefuses = new KafkaJSProtocolError(
    Object.assign(new Error('Topic authorization failed'), {
      ...{ type: 'TOPIC_AUTHORIZATION_FAILED', code: 29, retriable: false },
    }),
  );
  // The number that is PERMISSION_DENIED in gRPC.
  const kafkaIsSlow = new KafkaJSProtocolError(
    Object.assign(new Error('The request timed out'), {
      ...{ type: 'REQUEST_TIMED_OUT', code: 7, retriable: true },
    }),
  );
  const temporalRefuses = Object.assign(new Error('7 PERMISSION_DENIED: no'), { code: 7 });

  it.each<[string, Partial<Setting>, string]>([
    ['Kafka', { kafkaSays: [() => Promise.reject(kafkaRefuses)] }, 'topic x-jobs-queue'],
    ['Temporal', { temporalSays: temporalRefuses }, 'Temporal namespace default'],
  ])('refuses to start when %s does not let it ask', async (_, refusal, what) => {
    await expect(said({ ...covered, ...refusal, strict: true })).rejects.toMatchObject({
      code: 'HW_CONFIG_INVALID',
      message: expect.stringContaining(
        `BRIDGE_STRICT_RETENTION is set, and the retention of ${what} could not be read: `,
      ) as string,
    });
    const { warn } = await said({ ...covered, ...refusal });
    expect(warn).toEqual(['could not compare the retention of namespace and topic']);
  });

  it('takes no error of Kafka for a refusal that may pass', async () => {
    const { info } = await said({
      ...covered,
      strict: true,
      kafkaSays: [() => Promise.reject(kafkaIsSlow)],
    });
    expect(info).toHaveLength(1);
  });
});
