import { existsSync } from 'node:fs';
import Ajv from 'ajv/dist/2020';
import { messageOf } from '../../contracts/errors';
import { loadConfig, type ConfigSection } from '../../runtime/config/config';
import { environmentSchema } from '../../runtime/config/environment';
import { readOptions } from '../../stack/llm-simulator/options';
import { environmentOf, pathOf, textOf, type ComposeFile, type Service } from './compose-file';

/** One sentence for each fault. None when all is well. */
export type Check = (file: ComposeFile) => string[];

const each = (file: ComposeFile, look: (service: Service, name: string) => string[]) =>
  Object.entries(file.services).flatMap(([name, service]) =>
    look(service, name).map((fault) => `${name}: ${fault}`),
  );

const isOurs = (service: Service) => service.build !== undefined;
const isOneShot = (service: Service) => service.restart === 'no';

const validate = new Ajv({ strict: false, allErrors: true }).compile(
  JSON.parse(textOf('test', 'fixtures', 'compose-spec', 'compose-spec.json')) as object,
);

export const matchesSpecification: Check = (file) => {
  if (validate(file)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
};

/** A tag that says a full version, and nothing like `latest`. */
const exactTag = /^[a-z0-9/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?$/;

export const imagesArePinned: Check = (file) =>
  each(file, (service) =>
    isOurs(service) || exactTag.test(service.image ?? '') ? [] : [`${service.image} is not pinned`],
  );

export const portsAreLocal: Check = (file) =>
  each(file, ({ ports = [] }) =>
    ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port)).map((port) => `${port} is not on 127.0.0.1`),
  );

/** A service either runs once, or for as long as the machine does: watched, restarted, and limited. */
export const lastingServicesAreWatched: Check = (file) =>
  each(file, (service) => {
    if (isOneShot(service)) return [];
    const wanted = {
      healthcheck: service.healthcheck,
      restart: service.restart === 'unless-stopped',
      stop_grace_period: service.stop_grace_period,
      'memory limit': service.deploy?.resources.limits.memory,
    };
    return Object.entries(wanted).flatMap(([what, value]) => (value ? [] : [`no ${what}`]));
  });

export const dependenciesExist: Check = (file) =>
  each(file, ({ depends_on = {} }) =>
    Object.entries(depends_on).flatMap(([name, { condition, required }]) => {
      const target = file.services[name];
      if (!target) return [`waits for ${name}, which does not exist`];
      if (condition === 'service_healthy' && !target.healthcheck) return [`${name} has no health check`];
      if (condition === 'service_completed_successfully' && !isOneShot(target)) return [`${name} never ends`];
      if (target.profiles && required !== false) return [`${name} is not always there`];
      return [];
    }),
  );

export const filesExist: Check = (file) => {
  const named = new Set<string>();
  const faults = each(file, ({ volumes = [], env_file, build }) => {
    const sources = volumes.map((volume) => volume.split(':')[0] ?? '');
    sources.filter((source) => !source.startsWith('./')).forEach((source) => named.add(source));
    const files = sources.filter((source) => source.startsWith('./'));
    if (env_file) files.push(env_file);
    if (build) files.push(`${build}/Dockerfile`);
    return files.filter((path) => !existsSync(pathOf(path))).map((path) => `${path} does not exist`);
  });
  const declared = Object.keys(file.volumes);
  const undeclared = [...named].filter((name) => !declared.includes(name));
  const unused = declared.filter((name) => !named.has(name));
  return [
    ...faults,
    ...undeclared.map((name) => `volume ${name} is not declared`),
    ...unused.map((name) => `volume ${name} is not used`),
  ];
};

/** `node <file>`, where the file is in the image: compiled from a source, or copied by the Dockerfile. */
export const commandsExist: Check = (file) =>
  each(file, (service) => {
    if (!isOurs(service)) return [];
    const [program, path = '', ...rest] = service.command ?? [];
    if (program !== 'node' || rest.length > 0) return ['the command is not `node <file>`'];
    const compiled = /^dist\/(.+)\.js$/.exec(path);
    if (compiled) return existsSync(pathOf(`${compiled[1]}.ts`)) ? [] : [`${compiled[1]}.ts does not exist`];
    const copied = existsSync(pathOf(path)) && textOf('Dockerfile').includes(`COPY ${path} ${path}`);
    return copied ? [] : [`${path} is not in the image`];
  });

/** What each of our programs reads: the same sections as in its main.ts. */
const bridgeSections: ConfigSection[] = ['kafka', 'topics', 'temporal', 'bridge', 'jobIds', 'status', 'log'];
const httpSections: ConfigSection[] = ['http', 'temporal', 'topics', 'jobIds', 'status', 'log'];
/** Whoever starts the file gives some. */
const someKeys = JSON.stringify([{ name: 'a', sha256: '0'.repeat(64), tenant: '*', scopes: ['read'] }]);
const readers: Record<string, (env: Record<string, string>) => unknown> = {
  http: (env) =>
    loadConfig(
      { ...alone, ...env, ...(env.HTTP_API_KEYS === '' && { HTTP_API_KEYS: someKeys }) },
      httpSections,
    ),
  bridge: (env) => loadConfig({ ...alone, ...env }, bridgeSections),
  worker: (env) => loadConfig({ ...alone, ...env }),
  simulator: (env) => readOptions(env),
  migrate: (env) => environmentSchema.pick({ DATABASE_URL: true }).required().parse(env),
};

/** Neither a local stack nor a profile of the developer is seen. */
const alone = { HEADWAY_STACK_FILE: '/nowhere/stack.json', XDG_CONFIG_HOME: '/nowhere' };

export const variablesAreAccepted: Check = (file) =>
  each(file, (service, name) => {
    if (!isOurs(service)) return [];
    const env = environmentOf(service);
    const unknown = Object.keys(env).filter((variable) => !isKnown(name, variable));
    const faults = unknown.map((variable) => `${variable} is no variable of it`);
    const read = readers[name];
    if (!read) return [...faults, 'nothing reads its environment here'];
    try {
      read(env);
    } catch (error) {
      faults.push(messageOf(error));
    }
    return faults;
  });

/** The simulator keeps the names of its variables to itself, but it refuses nonsense in each of them. */
function isKnown(service: string, variable: string): boolean {
  if (service !== 'simulator') return variable in environmentSchema.shape;
  try {
    readOptions({ [variable]: 'nonsense' });
    return false;
  } catch {
    return true;
  }
}

/** Each address of ours names a service, on a port that it listens on, with the login that it was given. */
export const addressesMatch: Check = (file) => {
  const { kafka, postgres, worker, simulator } = file.services;
  const env = environmentOf(worker ?? {});
  const faults: string[] = [];
  const expectThat = (fits: boolean, fault: string) => void (fits || faults.push(fault));
  const listeners = String(kafka?.environment?.KAFKA_ADVERTISED_LISTENERS);
  expectThat(listeners.includes(`INTERNAL://${env.KAFKA_BROKERS}`), 'KAFKA_BROKERS is no listener of kafka');
  expectThat(env.TEMPORAL_ADDRESS === 'temporal:7233', 'TEMPORAL_ADDRESS is not that of temporal');
  const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: db } = postgres?.environment ?? {};
  const url = `postgresql://${user}:${password}@postgres:5432/${db}`;
  expectThat(env.DATABASE_URL === url, 'DATABASE_URL is not that of postgres');
  const door = /\.listen\((\d+), '0\.0\.0\.0'\)/.exec(textOf(simulator?.command?.[1] ?? ''))?.[1];
  expectThat(env.OPENAI_BASE_URL === `http://simulator:${door}/v1`, 'the simulator is somewhere else');
  return faults;
};

/** The programs give themselves this long after SIGTERM: workers/main.ts and runtime/shutdown.ts. */
const ownDeadlines: Record<string, (env: Record<string, string>) => number> = {
  bridge: () => 30_000,
  http: () => 30_000,
  worker: (env) => loadConfig({ ...alone, ...env }).worker.shutdownGraceMs + 20_000,
};

export const graceIsLongEnough: Check = (file) =>
  each(file, (service, name) => {
    const deadline = ownDeadlines[name]?.(environmentOf(service)) ?? 0;
    const graceMs = Number.parseInt(service.stop_grace_period ?? '0', 10) * 1_000;
    return graceMs >= deadline + (deadline && 3_000) ? [] : [`is killed before its ${deadline} ms are over`];
  });

export const privilegesAreDropped: Check = (file) =>
  each(file, (service) => {
    const faults: string[] = [];
    if (!service.security_opt?.includes('no-new-privileges:true')) faults.push('may gain privileges');
    if (isOurs(service) && !service.read_only) faults.push('may write into its image');
    if (isOurs(service) && !service.cap_drop?.includes('ALL')) faults.push('keeps capabilities');
    return faults;
  });
