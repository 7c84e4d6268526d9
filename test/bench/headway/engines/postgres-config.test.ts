import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  databaseSettings,
  reservePorts,
  writeServerConfig,
} from '../../../../bench/headway/engines/postgres-config';
import { dynamicConfig } from '../../../../stack/temporal/server';
import { temporaryFolder } from '../../../stack/temporary-folder';

const folder = temporaryFolder();
const read = (name: string) => parse(readFileSync(join(folder(), 'server', name), 'utf8')) as Config;

interface Config {
  persistence: { numHistoryShards: number; datastores: Record<string, { sql: Record<string, unknown> }> };
  services: Record<string, { rpc: { grpcPort: number; membershipPort: number; bindOnIP: string } }>;
  global: { membership: { broadcastAddress: string } };
  clusterMetadata: { clusterInformation: { active: { rpcAddress: string } } };
  dynamicConfigClient: { filepath: string };
}

async function write(historyShards = 128): Promise<string[]> {
  let next = 20_000;
  const ports = await reservePorts(() => Promise.resolve(next++));
  const databaseUrl = 'postgresql://bench@127.0.0.1:15000/temporal';
  return writeServerConfig(join(folder(), 'server'), { databaseUrl, historyShards, ports });
}

it('has four services on 127.0.0.1, each with two ports of its own', async () => {
  await write();
  const { services, global, clusterMetadata } = read('temporal.yaml');
  expect(Object.keys(services).sort()).toEqual(['frontend', 'history', 'matching', 'worker']);
  const ports = Object.values(services).flatMap(({ rpc }) => [rpc.grpcPort, rpc.membershipPort]);
  expect(ports.sort()).toEqual([20_000, 20_001, 20_002, 20_003, 20_004, 20_005, 20_006, 20_007]);
  for (const { rpc } of Object.values(services)) expect(rpc.bindOnIP).toBe('127.0.0.1');
  expect(global.membership.broadcastAddress).toBe('127.0.0.1');
  const { rpcAddress } = clusterMetadata.clusterInformation.active;
  expect(rpcAddress).toBe(`127.0.0.1:${services.frontend?.rpc.grpcPort}`);
});

it('keeps workflows and what is searched for in two databases of the PostgreSQL it is given', async () => {
  await write();
  const { datastores } = read('temporal.yaml').persistence;
  for (const { sql } of Object.values(datastores)) {
    expect(sql).toMatchObject({
      pluginName: 'postgres12',
      connectAddr: '127.0.0.1:15000',
      connectProtocol: 'tcp',
      user: 'bench',
    });
  }
  expect(Object.values(datastores).map(({ sql }) => sql.databaseName)).toEqual([
    'temporal',
    'temporal_visibility',
  ]);
});

it('has as many history shards as asked for', async () => {
  await write(512);
  expect(read('temporal.yaml').persistence.numHistoryShards).toBe(512);
});

it('has the dynamic configuration of the stack', async () => {
  await write();
  const { filepath } = read('temporal.yaml').dynamicConfigClient;
  const values = parse(readFileSync(filepath, 'utf8')) as Record<string, { value: unknown }[]>;
  const flat = Object.entries(values).map(([key, [only, ...more]]) => [key, only?.value, more.length]);
  expect(flat).toEqual(Object.entries(dynamicConfig).map(([key, value]) => [key, value, 0]));
});

it('starts the server with the file it wrote', async () => {
  const args = await write();
  const option = (name: string) => args[args.indexOf(name) + 1] ?? '';
  const file = join(option('--root'), option('--config'), `${option('--env')}.yaml`);
  expect(file).toBe(join(folder(), 'server', 'temporal.yaml'));
  expect(args.at(-1)).toBe('start');
});

it('leaves PostgreSQL as it comes, but for room for every pool, and waiting for the disk when it is told not to', async () => {
  await write();
  const { persistence, services } = read('temporal.yaml');
  const pools = Object.values(persistence.datastores).map(({ sql }) => Number(sql.maxConns));
  const inAll = Object.keys(services).length * pools.reduce((total, size) => total + size, 0);
  const { max_connections: most, ...others } = databaseSettings(true);
  expect(Number(most)).toBeGreaterThan(inAll);
  expect(others).toEqual({});
  expect(databaseSettings(false)).toEqual({ max_connections: most, synchronous_commit: 'off' });
});
