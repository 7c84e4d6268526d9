import { z } from 'zod';
import { RESULT_MAX_BYTES_MIN } from '../contracts/limits';
import { isBaseUrl, isDatabaseUrl } from './url-values';

/** What is known about a variable besides how it is read; docs/reference/configuration.md is made from it. */
export interface VariableFacts {
  about: string;
  /** What a good value looks like; completes the sentence "X must be ...". */
  must: string;
  /** What applies when the variable is not set, in words. */
  otherwise: string;
  secret?: boolean;
}

/** No value is ever quoted in a message: a secret may have been pasted into the wrong variable. */
function variable<T extends z.ZodType>(schema: T, facts: VariableFacts): T {
  return schema.meta({ ...facts });
}

function text(about: string, otherwise = 'not set', secret = false) {
  return variable(z.string().optional(), { about, must: 'text', otherwise, secret });
}

function matching(pattern: RegExp, must: string, about: string, otherwise = 'not set', secret = false) {
  return variable(z.string().regex(pattern, must).optional(), { about, must, otherwise, secret });
}

function url(isGood: (value: string) => boolean, must: string, about: string, otherwise: string) {
  const schema = z.string().refine((value) => !/\s/.test(value) && isGood(value), must);
  return variable(schema.optional(), { about, must, otherwise, secret: true });
}

function name(fallback: string, about: string) {
  const must = '1 to 200 characters without white space';
  const schema = z.string().regex(/^\S{1,200}$/, must);
  return variable(schema.default(fallback), { about, must, otherwise: fallback });
}

function topic(fallback: string, about: string) {
  const must = 'a Kafka topic name: 1 to 249 letters, digits, dots, underscores or hyphens';
  const schema = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, must);
  return variable(schema.default(fallback), { about, must, otherwise: fallback });
}

function wholeNumber(from: number, to: number, fallback: number, about: string) {
  const must = `a whole number from ${from} to ${to}`;
  const schema = z
    .string()
    .regex(/^\d{1,15}$/, must)
    .transform(Number)
    .refine((value) => value >= from && value <= to, must);
  return variable(schema.default(fallback), { about, must, otherwise: String(fallback) });
}

function flag(fallback: boolean, about: string) {
  const must = '`true` or `false`';
  const schema = z
    .enum(['true', 'false', '1', '0'], { error: must })
    .transform((value) => value === 'true' || value === '1');
  return variable(schema.default(fallback), { about, must, otherwise: String(fallback) });
}

function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: T[number],
  about: string,
) {
  const must = `one of ${values.join(', ')}`;
  const schema = z.enum(values, { error: must });
  return variable(schema.default(fallback as never), { about, must, otherwise: fallback });
}

/** Gives the limit of a model; undefined for one that is not limited. */
function perModel(about: string) {
  const must = 'a whole number for `OPENAI_MODEL`, or `model=number` for several models, separated by commas';
  const entry = String.raw`[^\s=,]{1,200}\s*=\s*[1-9]\d{0,14}`;
  const pattern = new RegExp(String.raw`^\s*([1-9]\d{0,14}|${entry}(\s*,\s*${entry})*)\s*$`);
  return variable(z.string().regex(pattern, must).optional(), {
    about,
    must,
    otherwise: 'what the provider’s answers say',
  });
}

const HOST_PORT = String.raw`(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}`;
const LOCAL_STACK = 'the running local stack';

const kafka = {
  KAFKA_BROKERS: matching(
    new RegExp(`^\\s*${HOST_PORT}(?:\\s*,\\s*${HOST_PORT})*\\s*$`),
    '`host:port`, several of them separated by commas',
    'Brokers to connect to first.',
    LOCAL_STACK,
  ),
  KAFKA_CLIENT_ID: name('headway', 'Name of this client in the logs and quotas of the brokers.'),
  KAFKA_GROUP_ID: name(
    'headway-bridge',
    'Consumer group of the bridge; its offsets are the progress. A new one [begins with the oldest record](#where-a-new-group-begins).',
  ),
  KAFKA_SESSION_TIMEOUT_MS: wholeNumber(
    4_000,
    300_000,
    6_000,
    'So long after its last heartbeat a bridge that died is a member of the group, in milliseconds, and its partitions stand still. If it is started again before that, ' +
      'the whole group stands still until then. Brokers take 6000 and more, unless their `group.min.session.timeout.ms` says otherwise.',
  ),
  KAFKA_TLS: flag(false, 'Connect to the brokers with TLS.'),
  KAFKA_TLS_CA_FILE: text(
    'PEM file of the authority that signed the certificates of the brokers.',
    'that of Node.js',
  ),
  KAFKA_TLS_CERT_FILE: text('PEM file of the client certificate; needs `KAFKA_TLS_KEY_FILE` too.'),
  KAFKA_TLS_KEY_FILE: text('PEM file of the key of the client certificate.'),
  KAFKA_SASL_MECHANISM: variable(
    z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'], {
        error: 'one of plain, scram-sha-256, scram-sha-512',
      })
      .optional(),
    {
      about: 'How to log in to the brokers; needs `KAFKA_SASL_USERNAME` and `KAFKA_SASL_PASSWORD` too.',
      must: 'one of plain, scram-sha-256, scram-sha-512',
      otherwise: 'no login',
    },
  ),
  KAFKA_SASL_USERNAME: text('User name for the brokers.'),
  KAFKA_SASL_PASSWORD: text('Password for the brokers.', 'not set', true),
  QUEUE_TOPIC: topic('x-jobs-queue', 'Topic the jobs come from.'),
  RESULTS_TOPIC: topic('x-jobs-results', 'Topic the results go to.'),
  DLQ_TOPIC: topic('x-jobs-dlq', 'Topic for records that can never be a job.'),
  PARKING_TOPIC: topic(
    'x-jobs-parked',
    'Topic for dead letters that came back too often; `headway redrive` makes it when it is missing.',
  ),
};

const temporal = {
  TEMPORAL_ADDRESS: matching(
    new RegExp(`^${HOST_PORT}$`),
    '`host:port`',
    'Frontend of the Temporal server. Wins over a profile.',
    `${LOCAL_STACK}, then the default profile`,
  ),
  TEMPORAL_NAMESPACE: text('Namespace of the workflows.', 'that of the stack or the profile, then `default`'),
  TEMPORAL_API_KEY: text('API key, for Temporal Cloud. Turns TLS on.', 'not set', true),
  TEMPORAL_PROFILE: text(
    'Profile to read from the TOML file. Once given, it wins over the local stack.',
    '`default`',
  ),
  TEMPORAL_CONFIG_FILE: text(
    'TOML file with profiles. Once given, it wins over the local stack.',
    '`temporalio/temporal.toml` in the user’s configuration folder',
  ),
  TEMPORAL_TLS: variable(z.enum(['true', 'false', '1', '0'], { error: '`true` or `false`' }).optional(), {
    about: 'Connect with TLS.',
    must: '`true` or `false`',
    otherwise: '`true` with an API key or a certificate, else `false`',
  }),
  TEMPORAL_TLS_SERVER_NAME: text('Server name to expect in the certificate of the server.'),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: text('PEM file of the authority that signed it.'),
  TEMPORAL_TLS_SERVER_CA_CERT_DATA: text('The same, given directly.'),
  TEMPORAL_TLS_CLIENT_CERT_PATH: text('PEM file of the client certificate.'),
  TEMPORAL_TLS_CLIENT_CERT_DATA: text('The same, given directly.'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: text('PEM file of the key of the client certificate.'),
  TEMPORAL_TLS_CLIENT_KEY_DATA: text('The same, given directly.', 'not set', true),
  HEADWAY_TASK_QUEUE: name('headway', 'Task queue of the workflows and their short stages.'),
  HEADWAY_LLM_TASK_QUEUE: name('headway-llm', 'Task queue of the LLM activities.'),
};

const payloads = {
  PAYLOAD_STORE: matching(
    /^(none|file:\/\/\/\S+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]*)?)$/,
    '`none`, `file:///folder` or `s3://bucket/prefix`',
    'Where inputs and results are kept that are too large for Temporal, up to 20 MB each. The same in every process; see ' +
      '[Large payloads](../guides/large-payloads.md). S3 is set up by the usual `AWS_*` variables.',
    `that of the local stack where its Temporal is used, then \`none\``,
  ),
  PAYLOAD_STORE_THRESHOLD_BYTES: wholeNumber(
    131_072,
    1_500_000,
    655_360,
    'Payloads of at least this size go there. Packs and batches of ordinary jobs are smaller than the default.',
  ),
};

const confidentialJobs = {
  PAYLOAD_KEYS: matching(
    /^\s*[\w.-]{1,64}:[A-Za-z0-9+/_-]+=*(\s*,\s*[\w.-]{1,64}:[A-Za-z0-9+/_-]+=*)*\s*$/,
    '`id:key`, several of them separated by commas, each key 32 bytes in base64',
    'Keys that encrypt what jobs of confidential pipelines are about before Temporal gets it: the first encrypts, all decrypt. The same in every ' +
      'process; see [Confidential jobs](../guides/confidential-jobs.md). `headway payload-key` makes one.',
    'no pipeline may be confidential',
    true,
  ),
};

const bridge = {
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

const http = {
  HTTP_HOST: name(
    '127.0.0.1',
    'Address that the HTTP door listens on. Any but a loopback address needs `HTTP_API_KEYS`, and TLS in front of it.',
  ),
  HTTP_PORT: wholeNumber(0, 65_535, 8_080, 'Its port. 0 takes a free one; the log says which.'),
  HTTP_API_KEYS: matching(
    /^\s*(\[[^]*|[^\s[][^]*)$/,
    'a JSON list of keys, or the path of a file with it',
    'Who may use the HTTP door: hashes of keys, each with tenant and scopes; see [API keys](http.md#api-keys).',
    'no keys: whoever can reach the loopback address may do everything',
    true,
  ),
  OPENAI_WEBHOOK_SECRET: matching(
    /^\s*whsec_[A-Za-z0-9+/]{16,}={0,2}(\s*,\s*whsec_[A-Za-z0-9+/]{16,}={0,2})*\s*$/,
    'the signing secret of a webhook, `whsec_` and base64, or several of them, separated by commas',
    'Signing secret of the webhooks that the LLM provider sends to the HTTP door, so that workers need hardly poll; several while it is ' +
      'changed. Needs `DATABASE_URL`; see [LLM](../llm.md#webhooks).',
    'no webhooks are taken',
    true,
  ),
  HTTP_RATE_LIMIT_PER_MINUTE: wholeNumber(
    1,
    10_000_000,
    6_000,
    'Requests a minute for each key, or without keys for all together. A batch is one request.',
  ),
  HTTP_MAX_CONNECTIONS: wholeNumber(
    1,
    100_000,
    1_000,
    'Connections open at a time; further ones are closed.',
  ),
  HTTP_MAX_STREAMS: wholeNumber(
    1,
    50_000,
    200,
    'Event streams, batches and waiting requests open at a time, half of them for one key where there are several.',
  ),
  HTTP_START_CONCURRENCY: wholeNumber(
    1,
    64,
    12,
    'Jobs being started at a time. A server is saturated by 8; more only makes each of them slower.',
  ),
};

const llm = {
  OPENAI_API_KEY: matching(
    /^[!-~]+$/,
    'an API key: ASCII, without white space',
    'Key for the LLM provider. Not needed when `OPENAI_BASE_URL` names one without keys.',
    `the simulator of ${LOCAL_STACK}`,
    true,
  ),
  OPENAI_BASE_URL: url(
    isBaseUrl,
    'an http or https URL without user name, `?` and `#`',
    'Another provider that speaks the OpenAI API; see [LLM](../llm.md#providers) and `LLM_MODE`.',
    'that of OpenAI',
  ),
  OPENAI_MODEL: name('gpt-5.4-mini', 'Model that answers, where a pipeline does not name its own.'),
  LLM_MODE: oneOf(
    ['background', 'inline', 'chat-completions', 'auto'],
    'background',
    'How calls are made. `background`: the provider keeps the call, and a crash costs nothing. `inline`: for providers ' +
      'without background mode; the worker holds a request open for each call. `chat-completions`: the same, for providers ' +
      'without the Responses API. `auto`: finds out with the first calls.',
  ),
  LLM_RECORD: text(
    'Folder. Writes every exchange with the LLM into it, a file each, without keys. Prompts and answers are in them.',
    'nothing is recorded',
  ),
  LLM_REPLAY: text(
    'Folder. Answers out of a recording in it instead of asking an LLM. For tests.',
    'the LLM is asked',
  ),
  LLM_START_CONCURRENCY: wholeNumber(
    1,
    1_000,
    64,
    'LLM calls being created at a time in one worker, in the background mode.',
  ),
  LLM_REQUESTS_PER_MINUTE: perModel(
    'Calls a minute that all workers together may make; see [LLM](../llm.md#shared-budgets). The same in every worker.',
  ),
  LLM_TOKENS_PER_MINUTE: perModel('Tokens a minute that these calls may use.'),
  LLM_TENANT_DAILY_COST_USD: matching(
    /^\s*(\d{1,9}(\.\d{1,6})?|[^=,]{1,64}=\s*\d{1,9}(\.\d{1,6})?\s*(,[^=,]{1,64}=\s*\d{1,9}(\.\d{1,6})?\s*)*)$/,
    'an amount such as `5` for each tenant, or `tenant=amount` for several, separated by commas, with `*` for all others',
    'US dollars that the LLM calls of a tenant may cost in a day (UTC), in all workers together; see [LLM](../llm.md#ceilings). Needs ' +
      '`LLM_PRICES`. The same in every worker.',
    'no ceiling',
  ),
  LLM_PRICES: matching(
    /^\s*(\{[^]*|[^\s{][^]*)$/,
    'a JSON table of prices, or the path of a file with it',
    'What models cost, for the cost in results and metrics; see [LLM](../llm.md#money). None is built in.',
    'costs are not known',
  ),
};

const RESULT_MAX = 'a whole number from 200000 to 32000000';

const worker = {
  DATABASE_URL: url(
    isDatabaseUrl,
    'a URL that begins with `postgres://` or `postgresql://`, with `/ ? # @ %` in a password written as `%2F %3F %23 %40 %25`',
    'PostgreSQL with the internal data that `enrich` reads, and with what workers share about the LLM (budgets, ceilings of tenants, webhooks); for the bridge with the job-id ledger.',
    LOCAL_STACK,
  ),
  WORKER_LLM_ACTIVITY_SLOTS: wholeNumber(
    1,
    20_000,
    2_500,
    'LLM activities at a time in one worker. Each of them awaits the calls of a whole pack.',
  ),
  WORKER_LOCAL_ACTIVITY_SLOTS: wholeNumber(
    1,
    5_000,
    200,
    'Short stages at a time in one worker. A workflow task has one at a time, so more than WORKER_WORKFLOW_TASK_SLOTS are never used.',
  ),
  WORKER_WORKFLOW_TASK_SLOTS: wholeNumber(
    2,
    1_000,
    16,
    'Workflow tasks at a time in one worker. Each enriches, post-processes or publishes for a whole pack, and what takes longer than its limit is done again.',
  ),
  WORKER_MAX_CACHED_WORKFLOWS: wholeNumber(
    0,
    50_000,
    2_000,
    'Workflows kept in memory. At least twice as many as are in flight, or they are replayed again and again.',
  ),
  WORKER_SHUTDOWN_GRACE_MS: wholeNumber(
    0,
    600_000,
    10_000,
    'Milliseconds that running activities get to finish after SIGTERM, before they are cancelled and taken over.',
  ),
  RESULT_MAX_BYTES: variable(
    z
      .string()
      .regex(/^\d{1,15}$/, RESULT_MAX)
      .transform(Number)
      .refine((value) => value >= RESULT_MAX_BYTES_MIN && value <= 32_000_000, RESULT_MAX)
      .optional(),
    {
      about:
        'Largest result in bytes, or less where `max.message.bytes` of the results topic is less when the worker starts; a job whose ' +
        'result may be larger fails. More than 1900000 needs `PAYLOAD_STORE`.',
      must: RESULT_MAX,
      otherwise: '900000; with `PAYLOAD_STORE` 22100000',
    },
  ),
};

const versions = {
  HEADWAY_DEPLOYMENT: matching(
    /^[^\s.:]{1,100}$/,
    '1 to 100 characters without white space, `.` and `:`',
    'Name of the worker deployment. With it workers are versioned, and a job ends on the version it began on: ' +
      '[Change a pipeline](../guides/change-a-pipeline.md). Needs `HEADWAY_BUILD_ID` too.',
    'workers have no version, and take all jobs',
  ),
  HEADWAY_BUILD_ID: matching(
    /^\S{1,100}$/,
    '1 to 100 characters without white space',
    'Which build of workflows and pipelines this worker runs, for example the commit. Never the same for two builds that differ.',
  ),
};

const pipelines = {
  HEADWAY_PIPELINES: matching(
    /^\s*[^\s,][^,]*(,\s*[^\s,][^,]*)*$/,
    'paths that begin with `./`, `../` or `/`, or names of npm packages, separated by commas',
    'Pipelines besides the shipped ones: compiled modules, folders of them, or npm packages, for every process. See ' +
      '[Write a pipeline](../guides/write-a-pipeline.md).',
    'only the shipped ones',
  ),
};

const commandLine = {
  HEADWAY_URL: variable(
    z
      .string()
      .regex(/^https?:\/\/\S+$/, 'an http or https URL')
      .default('http://127.0.0.1:8080'),
    {
      about: 'Where `headway submit --via http` finds the HTTP door.',
      must: 'an http or https URL',
      otherwise: 'http://127.0.0.1:8080',
    },
  ),
  HEADWAY_API_KEY: matching(
    /^\S{1,512}$/,
    'an API key, without white space',
    'Key for that door; `headway api-key` makes one.',
    'no key',
    true,
  ),
};

const operation = {
  STATUS_HOST: name('127.0.0.1', 'Address that `/healthz`, `/readyz` and `/metrics` listen on.'),
  STATUS_PORT: wholeNumber(0, 65_535, 0, 'Their port. 0 takes a free one; the log says which.'),
  STATUS_ALLOW_REMOTE: flag(
    false,
    'Allows a `STATUS_HOST` that other machines can reach, as a container needs. The pages carry no secrets.',
  ),
  METRICS_TENANTS_MAX: wholeNumber(
    0,
    10_000,
    100,
    'Tenants with a label of their own in the metrics of one process, the first that come; all further ones are `other`.',
  ),
  LOG_LEVEL: oneOf(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'The least severe lines that are logged.',
  ),
  LOG_FORMAT: oneOf(['auto', 'json', 'pretty'], 'auto', '`auto` is pretty on a terminal and JSON elsewhere.'),
  HEADWAY_STACK_FILE: text(
    'State file of the local stack.',
    '`.headway/stack.json` in the project, or where Headway is installed as a package, in the working folder',
  ),
  HEADWAY_EXIT_WITH_PARENT: flag(
    false,
    'Shut down when standard input closes, so that a process does not outlive the one that started it.',
  ),
};

/** All variables, in the order of the documentation. */
export const variableGroups = {
  Kafka: kafka,
  Temporal: temporal,
  'Large payloads': payloads,
  'Confidential jobs': confidentialJobs,
  Bridge: bridge,
  'HTTP door': http,
  LLM: llm,
  Worker: worker,
  'Worker versions': versions,
  Pipelines: pipelines,
  'Command line': commandLine,
  Operation: operation,
};

/** The one schema of everything that is configured. A variable that is not set is absent or has its default. */
export const environmentSchema = z.object({
  ...kafka,
  ...temporal,
  ...payloads,
  ...confidentialJobs,
  ...bridge,
  ...http,
  ...llm,
  ...worker,
  ...versions,
  ...pipelines,
  ...commandLine,
  ...operation,
});

export type Environment = z.output<typeof environmentSchema>;
export type VariableName = keyof Environment;
