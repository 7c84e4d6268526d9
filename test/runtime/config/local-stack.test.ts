import { loadConfig, type ConfigSection } from '../../../runtime/config/config';
import { bare, complete, file, problemsOf } from './support';

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
