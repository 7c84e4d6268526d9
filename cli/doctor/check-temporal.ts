import type { Client } from '@temporalio/client';
import { checkRetention } from '../../bridge/kafka/check-retention';
import { searchAttributes } from '../../contracts/search-attributes';
import type { Config } from '../../runtime/config/config';
import { commandFor } from '../../runtime/in-user-terms';
import type { Kafka } from '../../runtime/kafka/client';
import { countLiving, POLLED_WITHIN_MS } from '../count-living';
import { checkVersions } from './check-versions';
import { CHECK_MS, ok, runCheck, skipped, warning, wrong, type Finding, type Verdict } from './findings';

type TemporalConfig = Pick<Config, 'temporal' | 'topics' | 'bridge' | 'jobIds'>;

/** `IndexedValueType` of the API, and the names that the `temporal` command has for them. */
const types = {
  KEYWORD: [2, 'Keyword'],
  INT: [3, 'Int'],
  DOUBLE: [4, 'Double'],
  KEYWORD_LIST: [7, 'KeywordList'],
} as const;

/** `TaskQueueType` of the API. */
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;

const NOT_FOUND = 5;

type Check = [string, (client: Client) => Promise<Verdict>];

/** Server, namespace, search attributes, workers, and retention where Kafka is configured. */
export async function checkTemporal(
  connect: () => Promise<Client>,
  kafka: Kafka | undefined,
  config: TemporalConfig,
): Promise<Finding[]> {
  const { namespace, taskQueue, llmTaskQueue, address } = config.temporal;
  const rest: Check[] = [
    ['search attributes', (client) => checkSearchAttributes(client, namespace)],
    ...(kafka ? [['retention', (client: Client) => checkRetentions(client, kafka, config)] as Check] : []),
    ['workers', (client) => checkWorkers(client, taskQueue, WORKFLOW_TASKS, 'HEADWAY_TASK_QUEUE')],
    ['LLM workers', (client) => checkWorkers(client, llmTaskQueue, ACTIVITY_TASKS, 'HEADWAY_LLM_TASK_QUEUE')],
    ['versions', (client) => checkVersions(client, taskQueue)],
  ];
  const names = rest.map(([name]) => name);
  const reached: { client?: Client } = {};
  const server = await runCheck('Temporal', async () => {
    const client = (reached.client = await connect());
    const { serverVersion } = await client.workflowService.getSystemInfo({});
    return ok(`server ${serverVersion} at ${address}`);
  });
  const { client } = reached;
  if (!client || server.state === 'wrong') return [server, ...skipped(['namespace', ...names], 'Temporal')];
  try {
    return await client.withDeadline(Date.now() + CHECK_MS, async () => {
      const found = await runCheck('namespace', () => checkNamespace(client, namespace));
      if (found.state === 'wrong') return [server, found, ...skipped(names, 'the namespace')];
      const findings = rest.map(([name, check]) => runCheck(name, () => check(client)));
      return [server, found, ...(await Promise.all(findings))];
    });
  } finally {
    await client.connection.close();
  }
}

async function checkNamespace(client: Client, namespace: string): Promise<Verdict> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const hours = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 3_600;
    return ok(`${namespace} remembers workflows for ${hours} h`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
    const todo = `temporal operator namespace create -n ${namespace} --retention 192h; or correct TEMPORAL_NAMESPACE.`;
    return wrong(`there is no namespace ${namespace}`, todo);
  }
}

async function checkSearchAttributes(client: Client, namespace: string): Promise<Verdict> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  const expected = Object.values(searchAttributes);
  const missing = expected.filter(({ name }) => !(name in customAttributes));
  const otherwise = expected.filter(
    ({ name, type }) => name in customAttributes && Number(customAttributes[name]) !== types[type][0],
  );
  if (otherwise.length > 0) {
    const named = otherwise.map(({ name, type }) => `${name} is not of type ${types[type][1]}`).join(', ');
    return wrong(named, 'Remove and create it again, or use another namespace.');
  }
  if (missing.length === 0) return ok(`all ${expected.length} are registered, with the right types`);
  const options = missing.map(({ name, type }) => `--name ${name} --type ${types[type][1]}`).join(' ');
  const todo = `temporal operator search-attribute create -n ${namespace} ${options}`;
  return wrong(`missing: ${missing.map(({ name }) => name).join(', ')}`, todo);
}

/** As the bridge does it when it starts. */
async function checkRetentions(client: Client, kafka: Kafka, config: TemporalConfig): Promise<Verdict> {
  const lines: string[] = [];
  const warnings: string[] = [];
  const logger = {
    info: (...args: unknown[]) => void lines.push(String(args.at(-1))),
    warn: (...args: unknown[]) => void warnings.push(String(args.at(-1))),
  };
  const bridge = { ...config.bridge, strictRetention: false };
  await checkRetention({ kafka, client, config: { ...config, bridge }, logger: logger as never });
  if (warnings.length === 0) return ok(lines.join('; '));
  const todo =
    'Let the namespace (and JOB_ID_RETENTION_HOURS) remember longer than retention.ms of the queue topic.';
  return warning(warnings.join('; '), todo);
}

async function checkWorkers(
  client: Client,
  name: string,
  taskQueueType: number,
  variable: string,
): Promise<Verdict> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType,
  });
  const workers = countLiving(pollers);
  if (workers > 0)
    return ok(`${workers} worker(s) polled task queue ${name} within the last ${POLLED_WITHIN_MS / 1_000} s`);
  return wrong(
    `nobody has polled task queue ${name} for ${POLLED_WITHIN_MS / 1_000} s`,
    `Start a worker (\`${commandFor('worker')}\`), or correct ${variable}.`,
  );
}
