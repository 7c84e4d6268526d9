import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadwayError } from '../../contracts/errors';
import { loadConfig, type ConfigSection } from '../../runtime/config';
import { describeConfig } from '../../runtime/describe-config';

const folder = mkdtempSync(join(tmpdir(), 'headway-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Neither a local stack nor a profile of the developer is seen by these tests. */
const bare = { HEADWAY_STACK_FILE: join(folder, 'none.json'), XDG_CONFIG_HOME: join(folder, 'none') };
const complete = {
  ...bare,
  KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092',
  TEMPORAL_ADDRESS: 'temporal:7233',
  OPENAI_API_KEY: 'sk-test',
  DATABASE_URL: 'postgres://headway:secret@db:5432/internal',
};

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The sentences of the error, by the variable each begins with. */
function problemsOf(env: NodeJS.ProcessEnv, sections?: ConfigSection[]): Record<string, string> {
  try {
    if (sections) loadConfig(env, sections);
    else loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(HeadwayError);
    expect((error as HeadwayError).code).toBe('HW_CONFIG_INVALID');
    const sentences = (error as HeadwayError).message.split('\n');
    return Object.fromEntries(sentences.map((sentence) => [sentence.split(' ', 1)[0] ?? '', sentence]));
  }
  return {};
}

const aKey = `one:${Buffer.alloc(32, 7).toString('base64')}`;

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

  describe('names the variable at fault:', () => {
    const bad: Record<string, string[]> = {
      KAFKA_BROKERS: ['kafka', 'kafka:', 'a:1,,b:2', 'http://kafka:9092'],
      KAFKA_CLIENT_ID: ['a b'],
      KAFKA_GROUP_ID: ['a b'],
      KAFKA_SESSION_TIMEOUT_MS: ['3999', '300001', '6s'],
      KAFKA_TLS: ['on'],
      KAFKA_SASL_MECHANISM: ['PLAINTEXT'],
      QUEUE_TOPIC: ['..', 'a/b', 'x'.repeat(201), 'x'.repeat(250), 'x-jobs-dlq'],
      RESULTS_TOPIC: ['a b', 'x-jobs-queue'],
      DLQ_TOPIC: ['ä', 'x-jobs-results'],
      PARKING_TOPIC: ['a b', 'x-jobs-dlq'],
      TEMPORAL_ADDRESS: ['temporal', 'https://temporal:7233'],
      TEMPORAL_PROFILE: ['no-such-profile'],
      TEMPORAL_TLS: ['yes'],
      TEMPORAL_TLS_CLIENT_CERT_PATH: ['/no/such/file'],
      TEMPORAL_TLS_CLIENT_KEY_DATA: ['half of a pair'],
      HEADWAY_TASK_QUEUE: ['a b'],
      HEADWAY_LLM_TASK_QUEUE: ['a b'],
      PAYLOAD_STORE: [
        'folder',
        '/folder',
        'file://host/folder',
        's3:/bucket',
        's3://UPPER',
        'http://x',
        'file:///a%2Fb',
      ],
      PAYLOAD_STORE_THRESHOLD_BYTES: ['1000', '2000000'],
      PAYLOAD_KEYS: ['c2hvcnQ=', 'one:', ':c2hvcnQ=', 'one:c2hvcnQ=', `${aKey},${aKey}`, `${aKey};${aKey}`],
      PACK_MAX: ['0', '201', '1.5', '-1', 'many', '1e2'],
      PACK_MAX_BYTES: ['1023', '2000000'],
      PACK_LINGER_MS: ['-1', '10001', '0.5', 'half a second'],
      BRIDGE_START_CONCURRENCY: ['0', '65'],
      BRIDGE_BACKLOG_HIGH: ['0', '1e3'],
      BRIDGE_BACKLOG_LOW: ['-1', '2000'],
      BRIDGE_IN_FLIGHT_HIGH: ['0', '10000001'],
      BRIDGE_IN_FLIGHT_LOW: ['many', '10000'],
      BRIDGE_STRICT_RETENTION: ['maybe'],
      JOB_ID_DEDUPE: ['on', 'true'],
      JOB_ID_RETENTION_HOURS: ['0', '1.5', '100000'],
      OPENAI_API_KEY: ['sk-test two', '\u201csk-test\u201d'],
      OPENAI_BASE_URL: [
        'api.openai.com',
        'ftp://host',
        'https://host/v1?api-version=preview',
        'https://host:443443/v1',
        'https://team:word@host/v1',
      ],
      HEADWAY_URL: ['localhost:8080', 'ftp://host'],
      HEADWAY_API_KEY: ['two words'],
      OPENAI_MODEL: ['a b'],
      LLM_MODE: ['foreground'],
      LLM_START_CONCURRENCY: ['0'],
      LLM_REQUESTS_PER_MINUTE: ['0', '1.5', 'many', 'gpt=', 'gpt=1,500', 'gpt=1=2'],
      LLM_TOKENS_PER_MINUTE: ['0', 'gpt=0', '-1'],
      LLM_TENANT_DAILY_COST_USD: ['5', 'many', 'acme=', '*=1,acme=x', '-1'],
      LLM_PRICES: ['{', '/no/such/file', '{"models":{"gpt":{"input":-1,"output":1}}}', '{"gpt":{}}'],
      DATABASE_URL: [
        'mysql://u:p@h/d',
        'host:5432',
        'postgres://u:pa#ss@h/d',
        'postgres://u:1/2@h/d',
        'postgres://u:100%@h/d',
      ],
      HEADWAY_PIPELINES: [',', './mine,,other'],
      WORKER_LLM_ACTIVITY_SLOTS: ['0'],
      WORKER_LOCAL_ACTIVITY_SLOTS: ['0'],
      WORKER_WORKFLOW_TASK_SLOTS: ['1'],
      WORKER_MAX_CACHED_WORKFLOWS: ['-1'],
      WORKER_SHUTDOWN_GRACE_MS: ['10s'],
      HEADWAY_DEPLOYMENT: ['a b', 'a.b', 'a:b', 'alone', 'x'.repeat(101)],
      HEADWAY_BUILD_ID: ['a b', 'alone', 'x'.repeat(101)],
      RESULT_MAX_BYTES: ['1', '1900001', '33000000'],
      HTTP_HOST: ['0.0.0.0', '::', 'example.com', 'two words'],
      HTTP_PORT: ['65536'],
      OPENAI_WEBHOOK_SECRET: ['secret', 'whsec_', 'whsec_short', `whsec_${'A'.repeat(32)},`, 'whsec_@'],
      HTTP_API_KEYS: ['[', '{}', '[]', '/no/such/file', '[{"name":"a"}]', '[{"name":"a","key":"hw_secret"}]'],
      HTTP_RATE_LIMIT_PER_MINUTE: ['0'],
      HTTP_MAX_CONNECTIONS: ['0'],
      HTTP_MAX_STREAMS: ['0'],
      HTTP_START_CONCURRENCY: ['65'],
      STATUS_HOST: ['0.0.0.0', '::', 'example.com'],
      STATUS_PORT: ['65536'],
      STATUS_ALLOW_REMOTE: ['sure'],
      METRICS_TENANTS_MAX: ['-1', '10001'],
      LOG_LEVEL: ['loud'],
      LOG_FORMAT: ['xml'],
      HEADWAY_EXIT_WITH_PARENT: ['yes'],
    };
    const namedInstead: Record<string, string> = {
      'QUEUE_TOPIC=x-jobs-dlq': 'DLQ_TOPIC',
      'HEADWAY_DEPLOYMENT=alone': 'HEADWAY_BUILD_ID',
      'HEADWAY_BUILD_ID=alone': 'HEADWAY_DEPLOYMENT',
      'HTTP_HOST=0.0.0.0': 'HTTP_API_KEYS',
      'HTTP_HOST=::': 'HTTP_API_KEYS',
      'HTTP_HOST=example.com': 'HTTP_API_KEYS',
      'TEMPORAL_TLS_CLIENT_CERT_PATH=/no/such/file': 'TEMPORAL_TLS_CLIENT_KEY_PATH',
      'TEMPORAL_TLS_CLIENT_KEY_DATA=half of a pair': 'TEMPORAL_TLS_CLIENT_CERT_PATH',
    };
    const cases = Object.entries(bad).flatMap(([name, values]) => values.map((value) => [name, value]));

    it.each(cases as [string, string][])('%s=%s', (name, value) => {
      const named = namedInstead[`${name}=${value}`] ?? name;
      const problems = problemsOf({ ...complete, [name]: value });
      expect(problems[named]).toMatch(/^[A-Z_]+ .*\.$/);
      if (named === name) expect(Object.keys(problems)).toEqual([name]);
    });

    it('all of them at once', () => {
      const env = { PACK_MAX: '0', LOG_LEVEL: 'loud', DATABASE_URL: 'host', STATUS_PORT: 'x' };
      expect(Object.keys(problemsOf({ ...complete, ...env })).sort()).toEqual(Object.keys(env).sort());
    });

    it('a recording that is replayed and made at once', () => {
      const env = { LLM_RECORD: './recording', LLM_REPLAY: './recording' };
      expect(Object.keys(problemsOf({ ...complete, ...env }))).toEqual(['LLM_RECORD']);
    });

    it.each([
      ['DATABASE_URL', 'postgres://u:a%23b%2Fc@h:5432/d?sslmode=require'],
      ['DATABASE_URL', 'postgresql://u@/d?host=/var/run/postgresql'],
      ['DATABASE_URL', 'postgres:///d'],
      ['DATABASE_URL', 'postgres://[::1]:5432/d'],
      ['OPENAI_BASE_URL', 'http://127.0.0.1:8080'],
      ['OPENAI_BASE_URL', 'https://gateway.example.com/openai/v1/'],
    ])('is none where %s is %s', (name, value) => {
      expect(problemsOf({ ...complete, [name]: value })).toEqual({});
    });

    it('and there is no variable with a rule that is not tried here', () => {
      const ruled = describeConfig().filter(({ must }) => must !== 'text');
      expect(ruled.map(({ name }) => name).filter((name) => !bad[name])).toEqual([]);
    });
  });

  describe('local stack', () => {
    const addresses = {
      kafkaBrokers: '127.0.0.1:19092',
      temporalAddress: '127.0.0.1:17233',
      temporalNamespace: 'headway',
      databaseUrl: 'postgres://local@127.0.0.1:15432/headway',
      llmBaseUrl: 'http://127.0.0.1:18080/v1',
    };
    const running = { pid: process.pid, startedAt: '2026-01-01T00:00:00Z', ...addresses };
    const HEADWAY_STACK_FILE = file('running.json', JSON.stringify(running));
    const env = { ...bare, HEADWAY_STACK_FILE };

    it('gives every address that is not given', () => {
      expect(loadConfig(env)).toMatchObject({
        kafka: { brokers: ['127.0.0.1:19092'] },
        temporal: { address: '127.0.0.1:17233', namespace: 'headway', tls: false },
        database: { url: addresses.databaseUrl },
        llm: { baseUrl: addresses.llmBaseUrl, simulated: true },
      });
    });

    it.each([
      ['KAFKA_BROKERS', 'mine:1', { kafka: { brokers: ['mine:1'] } }],
      ['TEMPORAL_ADDRESS', 'mine:1', { temporal: { address: 'mine:1', namespace: 'default' } }],
      ['DATABASE_URL', 'postgres://mine/db', { database: { url: 'postgres://mine/db' } }],
      ['OPENAI_API_KEY', 'sk-mine', { llm: { apiKey: 'sk-mine', baseUrl: undefined, simulated: false } }],
      ['OPENAI_BASE_URL', 'http://mine/v1', { llm: { baseUrl: 'http://mine/v1', simulated: false } }],
    ])('loses against %s, and only there', (name, value, expected) => {
      const config = loadConfig({ ...env, [name]: value });
      expect(config).toMatchObject(expected);
      const [section] = Object.keys(expected) as [ConfigSection];
      expect({ ...config, [section]: null }).toEqual({ ...loadConfig(env), [section]: null });
    });

    it('counts for nothing where its file is half written', () => {
      const half = file('half.json', JSON.stringify(running).slice(0, 40));
      expect(Object.keys(problemsOf({ ...bare, HEADWAY_STACK_FILE: half }))).toContain('KAFKA_BROKERS');
    });

    it('counts no more once its process is gone', () => {
      const gone = file('gone.json', JSON.stringify({ ...running, pid: 2 ** 30 }));
      expect(Object.keys(problemsOf({ ...bare, HEADWAY_STACK_FILE: gone }))).toContain('KAFKA_BROKERS');
    });
  });

  describe('payload store', () => {
    const storeOf = (more: NodeJS.ProcessEnv) => loadConfig({ ...complete, ...more }).temporal.payloadStore;

    it.each<[string, object]>([
      ['file:///data/pay%20loads', { kind: 'folder', folder: '/data/pay loads' }],
      ['s3://my-bucket', { kind: 's3', bucket: 'my-bucket', prefix: '' }],
      ['s3://my-bucket/some/where/', { kind: 's3', bucket: 'my-bucket', prefix: 'some/where' }],
    ])('is %s', (PAYLOAD_STORE, place) => {
      expect(storeOf({ PAYLOAD_STORE })).toEqual({ place, thresholdBytes: 655_360 });
    });

    it('is there by itself only where the workflows run on the local stack', () => {
      const stack = {
        pid: process.pid,
        startedAt: 'now',
        temporalAddress: 'local:7233',
        payloadStore: 'file:///stack/payloads',
      };
      const HEADWAY_STACK_FILE = file('store.json', JSON.stringify(stack));
      const local = { HEADWAY_STACK_FILE, TEMPORAL_ADDRESS: '' };
      expect(storeOf({ HEADWAY_STACK_FILE })).toBeUndefined();
      expect(storeOf(local)?.place).toEqual({ kind: 'folder', folder: '/stack/payloads' });
      expect(storeOf({ ...local, PAYLOAD_STORE: 'none' })).toBeUndefined();
    });

    it('allows larger results', () => {
      const PAYLOAD_STORE = 'file:///data';
      expect(loadConfig({ ...complete, PAYLOAD_STORE }).results.maxBytes).toBe(22_100_000);
      const RESULT_MAX_BYTES = '5000000';
      expect(loadConfig({ ...complete, PAYLOAD_STORE, RESULT_MAX_BYTES }).results.maxBytes).toBe(5_000_000);
      expect(problemsOf({ ...complete, RESULT_MAX_BYTES }).RESULT_MAX_BYTES).toContain('PAYLOAD_STORE');
    });
  });

  describe('Temporal', () => {
    const toml = [
      '[profile.default]\naddress = "default:7233"',
      '[profile.cloud]\naddress = "cloud:7233"\nnamespace = "prod"\napi_key = "key-of-cloud"',
    ].join('\n');
    const TEMPORAL_CONFIG_FILE = file('temporal.toml', toml);
    const env = { ...complete, TEMPORAL_ADDRESS: '' };

    it('is that of the profile named, with TLS when there is a key', () => {
      const { temporal } = loadConfig({ ...env, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'cloud' });
      expect(temporal).toMatchObject({
        address: 'cloud:7233',
        namespace: 'prod',
        apiKey: 'key-of-cloud',
        tls: true,
      });
    });

    it('is that of the file given, although a local stack runs', () => {
      const stack = { pid: process.pid, startedAt: 'now', temporalAddress: 'local:7233' };
      const HEADWAY_STACK_FILE = file('beside.json', JSON.stringify(stack));
      const { temporal } = loadConfig({ ...env, HEADWAY_STACK_FILE, TEMPORAL_CONFIG_FILE });
      expect(temporal.address).toBe('default:7233');
    });

    it('is that of the local stack, although the user has a default profile', () => {
      const stack = { pid: process.pid, startedAt: 'now', temporalAddress: 'local:7233' };
      const HEADWAY_STACK_FILE = file('beside.json', JSON.stringify(stack));
      const home = mkdtempSync(join(folder, 'home-'));
      mkdirSync(join(home, 'temporalio'));
      writeFileSync(join(home, 'temporalio', 'temporal.toml'), toml);
      const user = { ...env, XDG_CONFIG_HOME: home };
      expect(loadConfig({ ...user, HEADWAY_STACK_FILE, TEMPORAL_API_KEY: 'k' }).temporal).toMatchObject({
        address: 'local:7233',
        tls: false,
      });
      expect(
        loadConfig({ ...user, HEADWAY_STACK_FILE, TEMPORAL_API_KEY: 'k' }).temporal.apiKey,
      ).toBeUndefined();
      expect(loadConfig(user).temporal.address).toBe('default:7233');
    });

    it('names TEMPORAL_CONFIG_FILE when it is not TOML, without quoting it', () => {
      const broken = file('broken.toml', '[profile.default\napi_key = "hunter2"');
      const problems = problemsOf({ ...env, TEMPORAL_CONFIG_FILE: broken });
      expect(Object.keys(problems)).toEqual(['TEMPORAL_CONFIG_FILE']);
      expect(problems.TEMPORAL_CONFIG_FILE).not.toContain('hunter2');
    });
  });

  describe('Kafka security', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';

    it('reads the PEM files', () => {
      const KAFKA_TLS_CA_FILE = file('ca.pem', pem);
      expect(loadConfig({ ...complete, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE }).kafka.tls).toEqual({
        ca: pem,
      });
    });

    it.each([
      [{ KAFKA_TLS_CA_FILE: 'ca.pem' }, 'KAFKA_TLS'],
      [{ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/no/such/file' }, 'KAFKA_TLS_CA_FILE'],
      [{ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: file('text.pem', 'not a certificate') }, 'KAFKA_TLS_CA_FILE'],
      [{ KAFKA_TLS: 'true', KAFKA_TLS_CERT_FILE: file('cert.pem', pem) }, 'KAFKA_TLS_KEY_FILE'],
      [{ KAFKA_TLS: 'true', KAFKA_TLS_KEY_FILE: file('key.pem', pem) }, 'KAFKA_TLS_CERT_FILE'],
      [{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_PASSWORD'],
      [{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'p' }, 'KAFKA_SASL_USERNAME'],
      [{ KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }, 'KAFKA_SASL_MECHANISM'],
    ])('with %j names %s', (env, name) => {
      expect(Object.keys(problemsOf({ ...complete, ...env }))).toEqual([name]);
    });

    it('gives the login', () => {
      const env = {
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_USERNAME: 'u',
        KAFKA_SASL_PASSWORD: 'p',
      };
      const { sasl } = loadConfig({ ...complete, ...env }).kafka;
      expect(sasl).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'p' });
    });
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
