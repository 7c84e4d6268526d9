import { describeConfig } from '../../../runtime/config/describe-config';
import { complete, problemsOf } from './support';

const aKey = `one:${Buffer.alloc(32, 7).toString('base64')}`;

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
