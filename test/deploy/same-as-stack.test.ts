import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { Admin, ITopicConfig } from 'kafkajs';
import { parse } from 'yaml';
import { searchAttributes } from '../../contracts/search-attributes';
import { withAdmin } from '../../stack/kafka/admin';
import { createTopics } from '../../stack/kafka/topics';
import { startManagedProcess } from '../../stack/managed-process';
import { prepareNamespace, searchAttributeTypes } from '../../stack/temporal/namespace';
import { startTemporal } from '../../stack/temporal/server';
import type { ServerContext } from '../../stack/types';
import { temporaryFolder } from '../stack/temporary-folder';
import { environmentOf, pathOf, readComposeFile, textOf } from './compose-file';

jest.mock('../../stack/kafka/admin', () => ({ withAdmin: jest.fn() }));
jest.mock('../../stack/managed-process', () => ({ startManagedProcess: jest.fn() }));

/** The one-shot services run scripts, since they need the tools of other images. Here stand-ins note what they are asked. */
const folder = temporaryFolder();

function standIn(name: string, body: string): void {
  const bin = join(folder(), 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\necho "$*" >> "${folder()}/asked"\n${body}\n`, { mode: 0o755 });
}

/** Runs the script of a one-shot service in its environment. Returns the command lines its tool was asked for. */
function run(service: string, env: Record<string, string> = {}): string[] {
  const { [service]: found } = readComposeFile().services;
  const [shell = '', inContainer = ''] = found?.entrypoint ?? [];
  const script = found?.volumes
    ?.map((volume) => volume.split(':'))
    .find(([, target]) => target === inContainer);
  const bin = join(folder(), 'bin');
  execFileSync(shell, [pathOf(script?.[0] ?? '')], {
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      KAFKA_BIN: bin,
      SECONDS_BETWEEN_TRIES: '0',
      ...environmentOf(found!),
      ...env,
    },
    stdio: 'pipe',
  });
  return readFileSync(join(folder(), 'asked'), 'utf8').trim().split('\n');
}

const option = (line: string, name: string) => new RegExp(`--${name} (\\S+)`).exec(line)?.[1] ?? '';

describe('kafka-topics', () => {
  function readTopic(line: string): ITopicConfig {
    const configs = [...line.matchAll(/--config (\S+)=(\S+)/g)];
    return {
      topic: option(line, 'topic'),
      numPartitions: Number(option(line, 'partitions')),
      replicationFactor: Number(option(line, 'replication-factor')),
      configEntries: configs.map(([, name = '', value = '']) => ({ name, value })),
    };
  }

  it('makes the topics that the local stack makes', async () => {
    let ofStack: ITopicConfig[] = [];
    // Whatever else the stack asks of a broker is granted.
    const broker = new Proxy({} as Admin, {
      get: (_, request) => (given: { topics: ITopicConfig[] }) => {
        if (request === 'createTopics') ofStack = given.topics;
        return Promise.resolve([]);
      },
    });
    jest.mocked(withAdmin).mockImplementation((_, work) => work(broker));
    const names = { queue: 'x-jobs-queue', results: 'x-jobs-results', dlq: 'x-jobs-dlq' };
    // 12 partitions: the default of the local stack.
    await createTopics({ brokers: [], ...names, partitions: 12, replicas: 1 });

    standIn('kafka-topics.sh', '');
    expect(run('kafka-topics').map(readTopic)).toEqual(ofStack);
  });

  it('leaves topics that exist, and tries again while the broker refuses', () => {
    standIn('kafka-topics.sh', `[ "$(wc -l < "${folder()}/asked")" -gt 2 ]`);
    const asked = run('kafka-topics');
    expect(asked.map((line) => option(line, 'topic'))).toEqual([
      ...Array<string>(3).fill('x-jobs-queue'),
      'x-jobs-results',
      'x-jobs-dlq',
    ]);
    for (const line of asked) expect(line).toContain('--create --if-not-exists');
  });

  it('fails when the broker refuses for good', () => {
    standIn('kafka-topics.sh', 'exit 1');
    expect(() => run('kafka-topics', { MAX_TRIES: '2' })).toThrow('x-jobs-queue could not be created');
  });
});

describe('temporal-namespace', () => {
  /** A server that has the namespace when the file `namespace` is there, and the attributes in `attributes`. */
  function server(): void {
    standIn(
      'temporal',
      `cd "${folder()}"; touch attributes
      case "$1 $2 $3" in
        "operator namespace describe") [ -e namespace ] ;;
        "operator namespace create") touch namespace ;;
        "operator search-attribute list") cat attributes ;;
        "operator search-attribute create") echo "  $7    $9" >> attributes ;;
      esac`,
    );
  }

  const created = (asked: string[]) =>
    asked
      .filter((line) => line.startsWith('operator search-attribute create'))
      .map((line) => [option(line, 'name'), option(line, 'type')]);

  it('registers the search attributes of the code, of the types that the local stack gives them', () => {
    server();
    expect(created(run('temporal-namespace'))).toEqual(searchAttributeTypes());
    expect(searchAttributeTypes()).toHaveLength(Object.keys(searchAttributes).length);
  });

  it('gives the namespace the retention of the local stack', async () => {
    const updateNamespace = jest.fn();
    const workflowService = { describeNamespace: () => Promise.resolve({}), updateNamespace };
    const operatorService = {
      listSearchAttributes: () =>
        Promise.resolve({ customAttributes: Object.fromEntries(searchAttributeTypes()) }),
    };
    const withDeadline = (_: unknown, work: () => Promise<void>) => work();
    const connection = { workflowService, operatorService, withDeadline, close: () => Promise.resolve() };
    jest.spyOn(Connection, 'connect').mockResolvedValue(connection as never);
    await prepareNamespace('temporal:7233', 'default');
    const { config } = updateNamespace.mock.calls[0]![0];

    server();
    const [, create = ''] = run('temporal-namespace');
    expect(create).toContain('operator namespace create --namespace default');
    expect(option(create, 'retention')).toBe(`${config.workflowExecutionRetentionTtl.seconds / 3_600}h`);
  });

  it('changes nothing the second time', () => {
    server();
    const first = run('temporal-namespace').length;
    const again = run('temporal-namespace').slice(first);
    expect(created(again)).toEqual([]);
    expect(again[1]).toContain('operator namespace update');
  });

  it('fails when the server refuses for good', () => {
    standIn('temporal', 'exit 1');
    expect(() => run('temporal-namespace', { MAX_TRIES: '2' })).toThrow('gave up after 2 tries');
  });
});

test('temporal has the dynamic configuration of the local stack', async () => {
  let asked: readonly string[] = [];
  jest.mocked(startManagedProcess).mockImplementation((_, { args }) => {
    asked = args;
    return Promise.resolve({} as never);
  });
  const ports = { reserve: (preferred: number) => Promise.resolve(preferred) } as ServerContext['ports'];
  const signal = AbortSignal.abort();
  const context: Pick<ServerContext, 'env' | 'dataDir' | 'ports' | 'signal'> = {
    ...{ env: {}, dataDir: folder(), ports, signal },
  };
  await startTemporal(context as ServerContext, {
    binary: '',
    preferredPort: 0,
    preferredUiPort: 0,
    namespace: 'default',
  });
  const ofStack = asked
    .filter((argument) => argument.startsWith('--dynamic-config-value='))
    .map((argument) => argument.split('='))
    .map(([, key, value = '']) => [key, [{ value: JSON.parse(value) as unknown }]]);

  expect(ofStack.length).toBeGreaterThan(5);
  expect(parse(textOf('deploy', 'temporal', 'dynamic-config.yaml'))).toEqual(Object.fromEntries(ofStack));
  const { temporal } = readComposeFile().services;
  expect(temporal?.volumes).toContain(
    `./deploy/temporal/dynamic-config.yaml:${temporal?.environment?.DYNAMIC_CONFIG_FILE_PATH}:ro`,
  );
});
