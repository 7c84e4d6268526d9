import type { HeadwayError } from '../../../contracts/errors';
import { loadConfig } from '../../../runtime/config/config';
import { describeConfig } from '../../../runtime/config/describe-config';
import { bare, complete, problemsOf } from './support';

describe('loadConfig', () => {
  it('has a default for everything but the addresses', () => {
    expect(loadConfig(complete)).toEqual({
      kafka: { brokers: ['kafka-1:9092', 'kafka-2:9092'], clientId: 'headway' },
      topics: {
        queue: 'x-jobs-queue',
        results: 'x-jobs-results',
        deadLetters: 'x-jobs-dlq',
        parking: 'x-jobs-parked',
      },
      temporal: {
        address: 'temporal:7233',
        namespace: 'default',
        taskQueue: 'headway',
        llmTaskQueue: 'headway-llm',
      },
      payloads: {},
      bridge: {
        groupId: 'headway-bridge',
        sessionTimeoutMs: 6_000,
        packMax: 50,
        packMaxBytes: 524_288,
        packLingerMs: 500,
        startConcurrency: 12,
        strictRetention: false,
        backlog: { high: 2_000, low: 1_000 },
        inFlight: { high: 10_000, low: 8_000 },
      },
      jobIds: {},
      jobIdsOnce: {},
      door: { url: 'http://127.0.0.1:8080' },
      http: {
        host: '127.0.0.1',
        port: 8_080,
        ratePerMinute: 6_000,
        maxConnections: 1_000,
        maxStreams: 200,
        startConcurrency: 12,
      },
      llmWebhooks: {},
      llm: {
        apiKey: 'sk-test',
        model: 'gpt-5.4-mini',
        mode: 'background',
        simulated: false,
        maxConcurrentCreates: 64,
        limits: {},
        dailyCeilings: {},
      },
      database: { url: 'postgres://headway:secret@db:5432/internal' },
      worker: {
        activitySlots: 2_500,
        localActivitySlots: 200,
        workflowTaskSlots: 16,
        maxCachedWorkflows: 2_000,
        shutdownGraceMs: 10_000,
      },
      pipelines: [],
      results: { maxBytes: 900_000 },
      status: { host: '127.0.0.1', port: 0, allowRemote: false, tenantsMax: 100 },
      log: { level: 'info', format: 'auto' },
    });
  });

  it('takes an empty variable as not set', () => {
    const empty = Object.fromEntries(describeConfig().map(({ name }) => [name, ' ']));
    expect(loadConfig({ ...empty, ...complete })).toEqual(loadConfig(complete));
    expect(Object.keys(problemsOf({ ...complete, KAFKA_BROKERS: '' }))).toEqual(['KAFKA_BROKERS']);
  });

  it('says for every missing address its variable and how to start a local stack', () => {
    const problems = problemsOf(bare);
    expect(Object.keys(problems)).toEqual([
      'KAFKA_BROKERS',
      'TEMPORAL_ADDRESS',
      'OPENAI_API_KEY',
      'DATABASE_URL',
    ]);
    for (const sentence of Object.values(problems)) expect(sentence).toContain('npm run stack');
  });

  it('demands only the addresses of the sections that are asked for', () => {
    const { KAFKA_BROKERS, TEMPORAL_ADDRESS } = complete;
    const bridge = loadConfig({ ...bare, KAFKA_BROKERS, TEMPORAL_ADDRESS }, ['kafka', 'temporal', 'bridge']);
    expect(Object.keys(bridge)).toEqual(['kafka', 'temporal', 'bridge']);
  });

  it('demands a database of the bridge only with the ledger of job ids', () => {
    const { KAFKA_BROKERS, TEMPORAL_ADDRESS } = complete;
    const env = { ...bare, KAFKA_BROKERS, TEMPORAL_ADDRESS };
    expect(loadConfig(env, ['bridge', 'jobIds']).jobIds).toEqual({});
    const JOB_ID_DEDUPE = 'ledger';
    expect(() => loadConfig({ ...env, JOB_ID_DEDUPE }, ['bridge', 'jobIds'])).toThrow(
      /^DATABASE_URL is not set/,
    );
    const more = { JOB_ID_DEDUPE, JOB_ID_RETENTION_HOURS: '48', DATABASE_URL: 'postgres://u@h/d' };
    expect(loadConfig({ ...env, ...more }, ['jobIds']).jobIds).toEqual({
      ledger: { url: 'postgres://u@h/d', retentionMs: 48 * 60 * 60 * 1_000 },
    });
  });

  it('reads the secrets of webhooks, of which there are two while one is changed, and needs a database then', () => {
    const [one, two] = [`whsec_${'A'.repeat(32)}`, `whsec_${'B'.repeat(31)}=`];
    const env = { ...complete, OPENAI_WEBHOOK_SECRET: `${one}, ${two}` };
    expect(loadConfig(env, ['llmWebhooks']).llmWebhooks).toEqual({
      door: { secrets: [one, two], databaseUrl: complete.DATABASE_URL },
    });
    const without = { ...bare, OPENAI_WEBHOOK_SECRET: one };
    expect(Object.keys(problemsOf(without, ['llmWebhooks']))).toEqual(['DATABASE_URL']);
    expect(loadConfig(bare, ['llmWebhooks']).llmWebhooks).toEqual({});
  });

  it('says for how long job ids are recognised to who needs no database for it', () => {
    expect(loadConfig(bare, ['jobIdsOnce']).jobIdsOnce).toEqual({});
    const more = { JOB_ID_DEDUPE: 'ledger', JOB_ID_RETENTION_HOURS: '48' };
    expect(loadConfig({ ...bare, ...more }, ['jobIdsOnce']).jobIdsOnce.retentionMs).toBe(48 * 3_600_000);
  });

  it('refuses to begin with the newest record, and says what to do instead', () => {
    for (const value of ['false', '0', 'no']) {
      const env = { ...complete, KAFKA_FROM_BEGINNING: value };
      expect(problemsOf(env)).toEqual({
        KAFKA_FROM_BEGINNING: expect.stringContaining('--reset-offsets --to-latest') as string,
      });
      expect(problemsOf(env, ['worker'])).toEqual({});
    }
    for (const value of ['true', '1', '']) {
      expect(loadConfig({ ...complete, KAFKA_FROM_BEGINNING: value })).toEqual(loadConfig(complete));
    }
  });

  it('allows an address that others reach with STATUS_ALLOW_REMOTE', () => {
    const env = { ...complete, STATUS_HOST: '0.0.0.0', STATUS_ALLOW_REMOTE: 'true' };
    expect(loadConfig(env).status).toEqual({
      ...{ host: '0.0.0.0', port: 0, allowRemote: true },
      tenantsMax: 100,
    });
  });

  it('never repeats a value in an error, wherever a secret was pasted', () => {
    const random = seeded(20_260_101);
    const names = describeConfig().map(({ name }) => name);
    const shapes = [
      (secret: string) => secret,
      (secret: string) => `${secret} ${secret}`,
      (secret: string) => `postgres://u:${secret}@h:1/d`,
      (secret: string) => `http://${secret}@h`,
      (secret: string) => `"${secret}",1`,
    ];
    let refused = 0;
    for (let round = 0; round < 500; round += 1) {
      const secret = `s3cr3t${Math.floor(random() * 1e9)}`;
      const env: NodeJS.ProcessEnv = { ...(round % 2 ? complete : bare) };
      for (const name of names) {
        const shape = shapes[Math.floor(random() * shapes.length)];
        if (random() < 0.3 && shape) env[name] = shape(secret);
      }
      try {
        loadConfig(env);
      } catch (error) {
        refused += 1;
        expect((error as Error).message).not.toContain(secret);
        expect((error as HeadwayError).code).toBe('HW_CONFIG_INVALID');
      }
    }
    expect(refused).toBeGreaterThan(400);
  });
});

/** mulberry32: the same sequence on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
