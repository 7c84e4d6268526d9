import pino from 'pino';
import { checkRetention, type CheckRetentionOptions } from '../../../bridge/kafka/check-retention';

interface Setting {
  /** Hours; the topic's in milliseconds or -1. */
  namespace: number;
  topicMs: number;
  policy?: string;
  jobIds?: number;
  strict?: boolean;
  broken?: boolean;
}

const hour = 60 * 60 * 1_000;

/** What the bridge says at its start, by level. */
async function said({ namespace, topicMs, policy = 'delete', jobIds, strict = false, broken }: Setting) {
  const lines = { info: [] as string[], warn: [] as string[] };
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
    connect: () => (broken ? Promise.reject(new Error('connection refused')) : Promise.resolve()),
    disconnect: () => Promise.resolve(),
    describeConfigs: () => Promise.resolve({ resources: [{ configEntries }] }),
  };
  const seconds = namespace * 3_600;
  const client = {
    withDeadline: (_: number, work: () => Promise<unknown>) => work(),
    workflowService: {
      describeNamespace: () => Promise.resolve({ config: { workflowExecutionRetentionTtl: { seconds } } }),
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

it('starts all the same when it cannot find out, and says so', async () => {
  const { warn } = await said({ namespace: 192, topicMs: week, strict: true, broken: true });
  expect(warn).toEqual(['could not compare the retention of namespace and topic']);
});
