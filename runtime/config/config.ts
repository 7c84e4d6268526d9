import { HeadwayError } from '../../contracts/errors';
import { readApiKeys, type ApiKey } from '../api-keys';
import { ConfigProblems } from './problems';
import { environmentSchema, type Environment, type VariableName } from './environment';
import { readKafkaSecurity, type KafkaSecurity } from '../kafka/security';
import { readLocalStack, type LocalStack } from '../local-stack';
import { isLoopback } from '../loopback';
import { readLlmLimits, type LlmLimits } from '../llm-limits';
import { readLlmMoney } from '../llm-money';
import type { LlmPrices } from '../llm-prices';
import { readPayloadKeys, type PayloadKey } from '../payload-keys/payload-keys';
import { readPayloadStore, type PayloadStore } from '../payload-store/payload-store';
import { resultMaxBytes } from '../result-size';
import { readTemporalTarget, type TemporalTarget } from '../temporal-target';

/** Everything that is configured, checked. Durations are milliseconds, sizes bytes. */
export interface Config {
  kafka: KafkaSecurity & { brokers: string[]; clientId: string };
  topics: { queue: string; results: string; deadLetters: string; parking: string };
  temporal: TemporalTarget & {
    taskQueue: string;
    llmTaskQueue: string;
    payloadStore?: PayloadStore;
    /** The first encrypts what confidential jobs are about, all of them decrypt. */
    payloadKeys?: PayloadKey[];
  };
  /** As in `temporal`, for whoever needs no server. */
  payloads: { keys?: PayloadKey[] };
  bridge: {
    groupId: string;
    /** KAFKA_SESSION_TIMEOUT_MS */
    sessionTimeoutMs: number;
    packMax: number;
    packMaxBytes: number;
    packLingerMs: number;
    startConcurrency: number;
    strictRetention: boolean;
    /** Packs waiting for a worker at which the bridge pauses, and goes on. */
    backlog: { high: number; low: number };
    /** The same for packs in flight. */
    inFlight: { high: number; low: number };
  };
  /** The ledger of job ids, where the bridge is to keep one. */
  jobIds: { ledger?: { url: string; retentionMs: number } };
  /** How long a job id is recognised, where each is to be worked on once. */
  jobIdsOnce: { retentionMs?: number };
  http: {
    host: string;
    port: number;
    /** Without any, whoever reaches the loopback address may do everything. */
    apiKeys?: ApiKey[];
    ratePerMinute: number;
    maxConnections: number;
    maxStreams: number;
    startConcurrency: number;
  };
  /** Webhooks of the LLM provider at the HTTP door, where it is to take them. */
  llmWebhooks: { door?: { secrets: string[]; databaseUrl: string } };
  llm: {
    apiKey: string;
    baseUrl?: string;
    model: string;
    mode: 'background' | 'inline' | 'chat-completions' | 'auto';
    /** The answers come from the simulator of the local stack. */
    simulated: boolean;
    /** Folder into which exchanges with the LLM are written. */
    record?: string;
    /** Folder out of which they are answered. */
    replay?: string;
    maxConcurrentCreates: number;
    /** What is configured for a model; the limits of one that is absent are learned. */
    limits: Record<string, LlmLimits>;
    /** What models cost, where that is configured. */
    prices?: LlmPrices;
    /** Nano-dollars that tenants may spend in a day; `*` is each of those not named. */
    dailyCeilings: Record<string, number>;
  };
  database: { url: string };
  worker: {
    activitySlots: number;
    localActivitySlots: number;
    workflowTaskSlots: number;
    maxCachedWorkflows: number;
    shutdownGraceMs: number;
    /** Which build it runs, where workers are versioned. */
    version?: { deploymentName: string; buildId: string };
  };
  /** Modules, folders and packages with pipelines besides the shipped ones. */
  pipelines: string[];
  results: { maxBytes: number };
  /** The HTTP door as the command line reaches it. */
  door: { url: string; apiKey?: string };
  status: { host: string; port: number; allowRemote: boolean; tenantsMax: number };
  log: { level: Environment['LOG_LEVEL']; format: Environment['LOG_FORMAT'] };
}

export type ConfigSection = keyof Config;

/**
 * Reads the configuration. An empty variable counts as not set. An address that is not given is that of the
 * running local stack, each on its own.
 *
 * @param sections what the caller needs: the bridge can do without an LLM. Default: everything
 * @throws HeadwayError `HW_CONFIG_INVALID`, with one sentence for each variable at fault
 */
export function loadConfig(env?: NodeJS.ProcessEnv): Config;
export function loadConfig<S extends ConfigSection>(
  env: NodeJS.ProcessEnv,
  sections: readonly S[],
): Pick<Config, S>;
export function loadConfig(
  env: NodeJS.ProcessEnv = process.env,
  sections?: readonly ConfigSection[],
): Partial<Config> {
  const given = withoutEmpty(env);
  const problems = new ConfigProblems();
  const variables = parse(given, problems);
  if (variables) {
    const stack = readLocalStack(given);
    const all = readers(variables, given, stack, problems);
    const wanted = sections ?? (Object.keys(all) as ConfigSection[]);
    const config = Object.fromEntries(wanted.map((section) => [section, all[section]()]));
    checkTogether(variables, problems);
    if (problems.none) return config;
  }
  throw new HeadwayError('HW_CONFIG_INVALID', problems.toString());
}

type Readers = { [S in ConfigSection]: () => Config[S] };

function readers(
  v: Environment,
  given: Record<string, string>,
  stack: LocalStack | undefined,
  problems: ConfigProblems,
): Readers {
  const address = (name: VariableName, explicit: string | undefined, local: string | undefined): string =>
    explicit ?? local ?? problems.missing(name);
  const databaseUrl = () => address('DATABASE_URL', v.DATABASE_URL, stack?.databaseUrl);
  const temporal = () => readTemporalTarget(v, given, stack, problems);
  const payloadStore = () => {
    const workflowsRunThere = stack !== undefined && stack.temporalAddress === temporal().address;
    return readPayloadStore(v, workflowsRunThere ? stack : undefined, problems);
  };
  return {
    kafka: () => ({
      brokers: address('KAFKA_BROKERS', v.KAFKA_BROKERS, stack?.kafkaBrokers)
        .split(',')
        .map((broker) => broker.trim()),
      clientId: v.KAFKA_CLIENT_ID,
      ...readKafkaSecurity(v, problems),
    }),
    topics: () => ({
      queue: v.QUEUE_TOPIC,
      results: v.RESULTS_TOPIC,
      deadLetters: v.DLQ_TOPIC,
      parking: v.PARKING_TOPIC,
    }),
    temporal: () => ({
      ...temporal(),
      taskQueue: v.HEADWAY_TASK_QUEUE,
      llmTaskQueue: v.HEADWAY_LLM_TASK_QUEUE,
      payloadStore: payloadStore(),
      payloadKeys: readPayloadKeys(v.PAYLOAD_KEYS, problems),
    }),
    payloads: () => ({ keys: readPayloadKeys(v.PAYLOAD_KEYS, problems) }),
    bridge: () => {
      refuseToBeginWithTheNewest(given, problems);
      return {
        groupId: v.KAFKA_GROUP_ID,
        sessionTimeoutMs: v.KAFKA_SESSION_TIMEOUT_MS,
        packMax: v.PACK_MAX,
        packMaxBytes: v.PACK_MAX_BYTES,
        packLingerMs: v.PACK_LINGER_MS,
        startConcurrency: v.BRIDGE_START_CONCURRENCY,
        strictRetention: v.BRIDGE_STRICT_RETENTION,
        backlog: { high: v.BRIDGE_BACKLOG_HIGH, low: v.BRIDGE_BACKLOG_LOW },
        inFlight: { high: v.BRIDGE_IN_FLIGHT_HIGH, low: v.BRIDGE_IN_FLIGHT_LOW },
      };
    },
    jobIds: () =>
      v.JOB_ID_DEDUPE === 'off'
        ? {}
        : { ledger: { url: databaseUrl(), retentionMs: v.JOB_ID_RETENTION_HOURS * 3_600_000 } },
    jobIdsOnce: () =>
      v.JOB_ID_DEDUPE === 'off' ? {} : { retentionMs: v.JOB_ID_RETENTION_HOURS * 3_600_000 },
    http: () => readHttp(v, problems),
    llmWebhooks: () => {
      const secrets = v.OPENAI_WEBHOOK_SECRET?.split(',').map((secret) => secret.trim());
      return secrets ? { door: { secrets, databaseUrl: databaseUrl() } } : {};
    },
    llm: () => ({
      ...provider(v, stack, problems),
      model: v.OPENAI_MODEL,
      mode: v.LLM_MODE,
      record: v.LLM_RECORD,
      replay: v.LLM_REPLAY,
      maxConcurrentCreates: v.LLM_START_CONCURRENCY,
      limits: readLlmLimits(v),
      ...readLlmMoney(v, problems),
    }),
    database: () => ({ url: databaseUrl() }),
    worker: () => ({
      activitySlots: v.WORKER_LLM_ACTIVITY_SLOTS,
      localActivitySlots: v.WORKER_LOCAL_ACTIVITY_SLOTS,
      workflowTaskSlots: v.WORKER_WORKFLOW_TASK_SLOTS,
      maxCachedWorkflows: v.WORKER_MAX_CACHED_WORKFLOWS,
      shutdownGraceMs: v.WORKER_SHUTDOWN_GRACE_MS,
      version: readVersion(v, problems),
    }),
    pipelines: () =>
      (v.HEADWAY_PIPELINES ?? '')
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    results: () => ({ maxBytes: resultMaxBytes(v, payloadStore(), problems) }),
    door: () => ({ url: v.HEADWAY_URL, apiKey: v.HEADWAY_API_KEY }),
    status: () => ({
      host: v.STATUS_HOST,
      port: v.STATUS_PORT,
      allowRemote: v.STATUS_ALLOW_REMOTE,
      tenantsMax: v.METRICS_TENANTS_MAX,
    }),
    log: () => ({ level: v.LOG_LEVEL, format: v.LOG_FORMAT }),
  };
}

/** There was a variable for it. Whoever still sets it would get all that the topic holds, without a word. */
function refuseToBeginWithTheNewest(given: Record<string, string>, problems: ConfigProblems): void {
  if (['true', '1'].includes(given.KAFKA_FROM_BEGINNING ?? 'true')) return;
  problems.add(
    'KAFKA_FROM_BEGINNING',
    'is no longer a setting: a new group begins with the oldest record. Unset it, and to skip a backlog set the offsets of the ' +
      'group before its first bridge starts: `kafka-consumer-groups.sh --bootstrap-server ... --group ... --topic ... ' +
      '--reset-offsets --to-latest --execute`',
  );
}

function readHttp(v: Environment, problems: ConfigProblems): Config['http'] {
  const apiKeys = readApiKeys(v.HTTP_API_KEYS, problems);
  if (v.HTTP_API_KEYS === undefined && !isLoopback(v.HTTP_HOST)) {
    problems.add('HTTP_API_KEYS', 'must be set, since HTTP_HOST is an address that other machines can reach');
  }
  return {
    host: v.HTTP_HOST,
    port: v.HTTP_PORT,
    apiKeys,
    ratePerMinute: v.HTTP_RATE_LIMIT_PER_MINUTE,
    maxConnections: v.HTTP_MAX_CONNECTIONS,
    maxStreams: v.HTTP_MAX_STREAMS,
    startConcurrency: v.HTTP_START_CONCURRENCY,
  };
}

function readVersion(
  { HEADWAY_DEPLOYMENT: deploymentName, HEADWAY_BUILD_ID: buildId }: Environment,
  problems: ConfigProblems,
): Config['worker']['version'] {
  if (deploymentName !== undefined && buildId !== undefined) return { deploymentName, buildId };
  if (buildId !== undefined) problems.add('HEADWAY_DEPLOYMENT', 'must be set beside HEADWAY_BUILD_ID');
  if (deploymentName !== undefined) {
    problems.add('HEADWAY_BUILD_ID', 'must be set beside HEADWAY_DEPLOYMENT');
  }
  return undefined;
}

/** The OpenAI client insists on a key; a provider of one's own may need none. */
function provider(v: Environment, stack: LocalStack | undefined, problems: ConfigProblems) {
  if (v.LLM_REPLAY !== undefined && v.LLM_RECORD !== undefined) {
    problems.add('LLM_RECORD', 'must not be set together with LLM_REPLAY: there is nothing to record');
  }
  if (v.LLM_REPLAY !== undefined) {
    return { apiKey: 'replayed', baseUrl: v.OPENAI_BASE_URL, simulated: false };
  }
  if (v.OPENAI_API_KEY || v.OPENAI_BASE_URL) {
    return { apiKey: v.OPENAI_API_KEY ?? 'none', baseUrl: v.OPENAI_BASE_URL, simulated: false };
  }
  const baseUrl = stack?.llmBaseUrl ?? problems.missing('OPENAI_API_KEY');
  return { apiKey: 'simulated', baseUrl, simulated: true };
}

/** Partition, offset and timestamp follow in an id, and Temporal on PostgreSQL keeps at most 255 characters. */
const QUEUE_TOPIC_MAX_LENGTH = 200;

function checkTogether(v: Environment, problems: ConfigProblems): void {
  if (v.QUEUE_TOPIC.length > QUEUE_TOPIC_MAX_LENGTH) {
    const must = `must have at most ${QUEUE_TOPIC_MAX_LENGTH} characters: ids of workflows begin with it`;
    problems.add('QUEUE_TOPIC', must);
  }
  if (v.RESULTS_TOPIC === v.QUEUE_TOPIC) {
    problems.add('RESULTS_TOPIC', 'must differ from QUEUE_TOPIC: every result would be read as a job');
  }
  if (v.DLQ_TOPIC === v.QUEUE_TOPIC || v.DLQ_TOPIC === v.RESULTS_TOPIC) {
    problems.add('DLQ_TOPIC', 'must differ from QUEUE_TOPIC and RESULTS_TOPIC');
  }
  if ([v.QUEUE_TOPIC, v.RESULTS_TOPIC, v.DLQ_TOPIC].includes(v.PARKING_TOPIC)) {
    problems.add('PARKING_TOPIC', 'must differ from the other topics');
  }
  if (v.BRIDGE_BACKLOG_LOW >= v.BRIDGE_BACKLOG_HIGH) {
    problems.add('BRIDGE_BACKLOG_LOW', 'must be less than BRIDGE_BACKLOG_HIGH');
  }
  if (v.BRIDGE_IN_FLIGHT_LOW >= v.BRIDGE_IN_FLIGHT_HIGH) {
    problems.add('BRIDGE_IN_FLIGHT_LOW', 'must be less than BRIDGE_IN_FLIGHT_HIGH');
  }
  if (!v.STATUS_ALLOW_REMOTE && !isLoopback(v.STATUS_HOST)) {
    problems.add('STATUS_HOST', 'must be a loopback address, unless STATUS_ALLOW_REMOTE is true');
  }
}

function parse(given: Record<string, string>, problems: ConfigProblems): Environment | undefined {
  const parsed = environmentSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    problems.add(issue.path[0] as VariableName, `must be ${issue.message}`);
  }
  return undefined;
}

function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '');
  return Object.fromEntries(set) as Record<string, string>;
}
