import { parse } from 'yaml';
import { loadConfig } from '../../runtime/config/config';
import * as checks from './compose-checks';
import { environmentOf, interpolate, readComposeFile, textOf, type ComposeFile } from './compose-file';

/** No container engine is needed. Each check also sees a copy with one fault, and has to find it. */
const cases: [name: keyof typeof checks, fault: (file: ComposeFile) => void, found: string | RegExp][] = [
  [
    'matchesSpecification',
    ({ services }) => void (services.kafka!.ports = 'none' as never),
    /^\/services\/kafka\/ports must be array/,
  ],
  [
    'imagesArePinned',
    ({ services }) => void (services.kafka!.image = 'apache/kafka:latest'),
    'kafka: apache/kafka:latest is not pinned',
  ],
  [
    'imagesArePinned',
    ({ services }) => void (services.postgres!.image = 'postgres:17'),
    'postgres: postgres:17 is not pinned',
  ],
  [
    'portsAreLocal',
    ({ services }) => void (services.temporal!.ports = ['7233:7233']),
    'temporal: 7233:7233 is not on 127.0.0.1',
  ],
  [
    'lastingServicesAreWatched',
    ({ services }) => void delete services.bridge!.healthcheck,
    'bridge: no healthcheck',
  ],
  [
    'lastingServicesAreWatched',
    ({ services }) => void delete services.migrate!.restart,
    'migrate: no restart',
  ],
  [
    'dependenciesExist',
    ({ services }) => void delete services['kafka-topics'],
    'worker: waits for kafka-topics, which does not exist',
  ],
  [
    'dependenciesExist',
    ({ services }) => void delete services.kafka!.healthcheck,
    'kafka-topics: kafka has no health check',
  ],
  [
    'dependenciesExist',
    ({ services }) => void (services.migrate!.restart = 'always'),
    'worker: migrate never ends',
  ],
  [
    'dependenciesExist',
    ({ services }) => void delete services.worker!.depends_on!.simulator!.required,
    'worker: simulator is not always there',
  ],
  [
    'filesExist',
    ({ services }) => services.temporal!.volumes!.push('./deploy/none.yaml:/x:ro'),
    'temporal: ./deploy/none.yaml does not exist',
  ],
  [
    'filesExist',
    ({ services }) => void (services.worker!.env_file = 'none.env'),
    'worker: none.env does not exist',
  ],
  ['filesExist', ({ volumes }) => void delete volumes['kafka-data'], 'volume kafka-data is not declared'],
  ['filesExist', ({ volumes }) => void (volumes.other = null), 'volume other is not used'],
  [
    'commandsExist',
    ({ services }) => void (services.bridge!.command = ['node', 'dist/bridge/main.js']),
    'bridge: bridge/main.ts does not exist',
  ],
  [
    'commandsExist',
    ({ services }) => void (services.simulator!.command = ['node', 'jest.config.cjs']),
    'simulator: jest.config.cjs is not in the image',
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void (services.bridge!.environment!.PACK_MAXIMUM = 1),
    'bridge: PACK_MAXIMUM is no variable of it',
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void (services.bridge!.environment!.PACK_MAX = 0),
    /^bridge: PACK_MAX must be/,
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void delete services.bridge!.environment!.STATUS_ALLOW_REMOTE,
    /^bridge: STATUS_HOST must be/,
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void delete services.http!.environment!.HTTP_API_KEYS,
    /^http: HTTP_API_KEYS must be set/,
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void delete services.worker!.environment!.DATABASE_URL,
    /^worker: DATABASE_URL/,
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void delete services.worker!.env_file,
    /^worker: OPENAI_API_KEY/,
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void (services.simulator!.environment!.SIMULATOR_SPEED = 2),
    'simulator: SIMULATOR_SPEED is no variable of it',
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void (services.simulator!.environment!.SIMULATOR_SEED = 'x'),
    /^simulator: SIMULATOR_SEED=x cannot be used/,
  ],
  [
    'variablesAreAccepted',
    ({ services }) => void (services.migrate!.environment = {}),
    /^migrate: .*DATABASE_URL/s,
  ],
  [
    'addressesMatch',
    ({ services }) => void (services.worker!.environment!.KAFKA_BROKERS = 'kafka:9092'),
    'KAFKA_BROKERS is no listener of kafka',
  ],
  [
    'addressesMatch',
    ({ services }) => void (services.postgres!.environment!.POSTGRES_PASSWORD = 'other'),
    'DATABASE_URL is not that of postgres',
  ],
  [
    'addressesMatch',
    ({ services }) => void (services.worker!.environment!.OPENAI_BASE_URL = 'http://simulator:1/v1'),
    'the simulator is somewhere else',
  ],
  [
    'graceIsLongEnough',
    ({ services }) => void (services.worker!.environment!.WORKER_SHUTDOWN_GRACE_MS = 60_000),
    'worker: is killed before its 80000 ms are over',
  ],
  [
    'graceIsLongEnough',
    ({ services }) => void delete services.bridge!.stop_grace_period,
    'bridge: is killed before its 30000 ms are over',
  ],
  [
    'privilegesAreDropped',
    ({ services }) => void delete services.kafka!.security_opt,
    'kafka: may gain privileges',
  ],
  [
    'privilegesAreDropped',
    ({ services }) => void delete services.worker!.read_only,
    'worker: may write into its image',
  ],
  [
    'privilegesAreDropped',
    ({ services }) => void delete services.worker!.cap_drop,
    'worker: keeps capabilities',
  ],
];

test.each([...Object.entries(checks)])('docker-compose.yml passes %s', (_name, check) => {
  expect(check(readComposeFile())).toEqual([]);
});

test.each(cases)('%s finds a fault (%#)', (name, putFault, found) => {
  const file = readComposeFile();
  putFault(file);
  expect(checks[name](file)).toContainEqual(typeof found === 'string' ? found : expect.stringMatching(found));
});

test('every check is seen to fail', () => {
  expect([...new Set(cases.map(([name]) => name))].sort()).toEqual(Object.keys(checks).sort());
});

test.each([
  [{}, undefined, 'http://simulator:8089/v1'],
  [{ OPENAI_API_KEY: 'sk-1' }, 'sk-1', 'https://api.openai.com/v1'],
  [{ OPENAI_BASE_URL: 'http://llm:1/v1' }, undefined, 'http://llm:1/v1'],
  [{ OPENAI_API_KEY: 'sk-1', OPENAI_BASE_URL: 'http://llm:1/v1' }, 'sk-1', 'http://llm:1/v1'],
])('with %j the worker asks the provider that is meant, and no other one', (env, key, baseUrl) => {
  const { worker } = readComposeFile(env).services;
  expect(environmentOf(worker!, env)).toMatchObject({ OPENAI_BASE_URL: baseUrl });
  expect(environmentOf(worker!, env).OPENAI_API_KEY).toBe(key);
});

test.each([
  [{}, undefined],
  [
    { HEADWAY_DEPLOYMENT: 'briefs', HEADWAY_BUILD_ID: 'v2' },
    { deploymentName: 'briefs', buildId: 'v2' },
  ],
])('with %j workers have the version that is meant, and none without', (env, version) => {
  const { worker } = readComposeFile(env).services;
  const read = () => loadConfig({ ...environmentOf(worker!, env), HEADWAY_STACK_FILE: '/nowhere' });
  expect(read().worker.version).toEqual(version);
});

test('half a version is refused, not left out', () => {
  const env = { HEADWAY_DEPLOYMENT: 'briefs' };
  const { worker } = readComposeFile(env).services;
  expect(() => loadConfig({ ...environmentOf(worker!, env), HEADWAY_STACK_FILE: '/nowhere' })).toThrow(
    'HEADWAY_BUILD_ID must be set beside HEADWAY_DEPLOYMENT',
  );
});

test('several workers can run: nothing of theirs is there only once', () => {
  const { worker } = readComposeFile().services;
  expect(Object.keys(worker!)).not.toEqual(expect.arrayContaining(['container_name']));
  expect(worker).not.toHaveProperty('ports');
});

test('no secret is written down: what holds one takes it from a variable', () => {
  const raw = parse(textOf('docker-compose.yml'), { merge: true }) as ComposeFile;
  const variables = Object.values(raw.services).flatMap((service) =>
    Object.entries(service.environment ?? {}),
  );
  const secrets = variables.filter(([name]) => /PASSWORD|_PWD$|_KEY$|DATABASE_URL/.test(name));
  expect(secrets.length).toBeGreaterThan(3);
  for (const [, value] of secrets) expect(value).toMatch(/\$\{\w+:/);
});

test('a variable is filled in as Compose does it', () => {
  const text = '${A} ${A:-none} ${A:+some} ${B} ${B:-none}${B:+some} $$';
  expect(interpolate(text, { A: 'a' })).toBe('a a some  none $');
  expect(() => interpolate('${A:?missing}', {})).toThrow('not understood');
});
