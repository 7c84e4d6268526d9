import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Kafka, logLevel } from 'kafkajs';
import { Client as PgClient } from 'pg';
import { searchAttributes } from '../../contracts/search-attributes';
import { withAdmin } from '../../stack/kafka/admin';
import { migrate } from '../../stack/postgres/migrate';
import { startStack } from '../../stack/start-stack';
import type { ServerEnd, Stack } from '../../stack/types';
import { until } from './until';

const folder = mkdtempSync(join(tmpdir(), 'headway-'));
let stack: Stack;
const ends: ServerEnd[] = [];
const address = (name: 'kafkaBrokers' | 'temporalAddress' | 'databaseUrl') => stack.addresses[name] ?? '';

beforeAll(async () => {
  stack = await startStack({
    dataDir: join(folder, 'data'),
    stateFile: join(folder, 'stack.json'),
    partitions: 5,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, HEADWAY_CACHE_DIR: process.env.HEADWAY_CACHE_DIR },
  });
  stack.onServerEnd((end) => void ends.push(end));
});

afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('is up only when the coordinator of the bridges takes a request, at the first attempt', async () => {
  const kafka = new Kafka({
    brokers: address('kafkaBrokers').split(','),
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.fetchTopicMetadata();
    await expect(admin.fetchOffsets({ groupId: 'headway-bridge' })).resolves.toEqual([]);
  } finally {
    await admin.disconnect();
  }
});

it('has the three topics with explicit retention and room for large records', async () => {
  await withAdmin(address('kafkaBrokers').split(','), async (admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    const ours = topics.filter(({ name }) => name !== '__consumer_offsets');
    const partitions = Object.fromEntries(ours.map(({ name, partitions }) => [name, partitions.length]));
    expect(partitions).toEqual({ 'x-jobs-queue': 5, 'x-jobs-results': 5, 'x-jobs-dlq': 3 });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'x-jobs-dlq', configNames: ['retention.ms', 'max.message.bytes'] }],
    });
    const configs = (resources[0]?.configEntries ?? []).map((entry) => [entry.configName, entry.configValue]);
    expect(Object.fromEntries(configs)).toEqual({
      'retention.ms': String(30 * 24 * 3_600_000),
      'max.message.bytes': String(33 * 1024 * 1024),
    });
  });
});

it('finds a workflow by every search attribute, and keeps it for three days', async () => {
  await withTemporal(async (client) => {
    await client.workflow.start('none', {
      taskQueue: 'nobody',
      workflowId: 'attributes',
      searchAttributes: Object.fromEntries(
        Object.values(searchAttributes).map(({ name, type }) => [name, isNumber(type) ? [7] : ['seven']]),
      ),
    });
    for (const { name, type } of Object.values(searchAttributes)) {
      const query = `${name} = ${isNumber(type) ? 7 : "'seven'"}`;
      await until(async () => (await client.workflow.count(query)).count === 1);
    }
    const { config } = await client.connection.workflowService.describeNamespace({ namespace: 'default' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(8 * 24 * 3_600);
  });
});

it('has the example data, and seeding it again changes nothing', async () => {
  const counts = () =>
    query(
      'select (select count(*) from companies), (select count(*) from company_notes), (select count(*) from company_metrics)',
    );
  const before = await counts();
  expect(before).toEqual([['60', '240', '300']]);
  await migrate(address('databaseUrl'));
  expect(await counts()).toEqual(before);
});

it('loses nothing when a server is killed and started again on the same address', async () => {
  await withAdmin(address('kafkaBrokers').split(','), (admin) =>
    admin.createTopics({ topics: [{ topic: 'kept' }] }),
  );
  await withTemporal((client) => client.workflow.start('none', { taskQueue: 'nobody', workflowId: 'kept' }));
  await query(`insert into companies values ('kept.example', 'Kept', 'x', 'DE', 5, 2000, 'gold', 'me')`);

  const { kafka, temporal, postgres, llm } = stack.servers;
  const all = [...kafka, temporal, postgres, llm];
  expect(all).toHaveLength(4);
  for (const server of all) {
    const before = server?.pid;
    await server?.kill('SIGKILL');
    expect(server?.pid).toBeUndefined();
    await server?.restart();
    expect(server?.pid).not.toBe(before);
  }

  const topics = await withAdmin(address('kafkaBrokers').split(','), (admin) => admin.listTopics());
  expect(topics).toContain('kept');
  const { status } = await withTemporal((client) => client.workflow.getHandle('kept').describe());
  expect(status.name).toBe('RUNNING');
  expect(await query(`select name from companies where domain = 'kept.example'`)).toEqual([['Kept']]);
  await fetch(stack.addresses.temporalUiUrl ?? '').then(({ status }) => expect(status).toBe(200));
  expect(ends).toEqual([]);
});

it('tells when a server ends by itself', async () => {
  process.kill(stack.servers.llm?.pid ?? 0, 'SIGKILL');
  await until(() => ends.length > 0);
  expect(ends[0]).toMatchObject({ name: 'llm-simulator', signal: 'SIGKILL' });
});

const isNumber = (type: string) => type === 'INT' || type === 'DOUBLE';

async function withTemporal<T>(work: (client: TemporalClient) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: address('temporalAddress') });
  try {
    return await work(new TemporalClient({ connection }));
  } finally {
    await connection.close();
  }
}

async function query(sql: string): Promise<unknown[][]> {
  const client = new PgClient({ connectionString: address('databaseUrl') });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows as unknown[][];
  } finally {
    await client.end();
  }
}
