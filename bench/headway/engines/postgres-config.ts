import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dynamicConfig } from '../../../stack/temporal/server';
import { databases } from './postgres-schema';

/** All of them run in one process. */
const services = ['frontend', 'history', 'matching', 'worker'] as const;
type Service = (typeof services)[number];

/** What a service is reached at, and what the services find each other by. */
export interface ServicePorts {
  grpcPort: number;
  membershipPort: number;
}

export interface ServerSettings {
  databaseUrl: string;
  historyShards: number;
  ports: Record<Service, ServicePorts>;
}

/** Those of the configuration that Temporal's container images come with. Each service has its own. */
const poolSize = { workflows: 20, visibility: 10 };

/** Of PostgreSQL, as in postgresql.conf: what it comes with, but for room for all pools. */
export function databaseSettings(synchronousCommit: boolean): Record<string, string> {
  const connections = services.length * (poolSize.workflows + poolSize.visibility);
  // Some are for whoever looks on.
  const room = { max_connections: String(connections + 20) };
  return synchronousCommit ? room : { ...room, synchronous_commit: 'off' };
}

/** Two free ports for each service. */
export async function reservePorts(port: () => Promise<number>): Promise<Record<Service, ServicePorts>> {
  const each: [Service, ServicePorts][] = [];
  for (const service of services) {
    each.push([service, { grpcPort: await port(), membershipPort: await port() }]);
  }
  return Object.fromEntries(each) as Record<Service, ServicePorts>;
}

/** Writes the server's two files into the folder and returns the arguments that start all services with them. */
export async function writeServerConfig(folder: string, settings: ServerSettings): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const dynamicFile = join(folder, 'dynamic-config.yaml');
  const values = Object.entries(dynamicConfig).map(([key, value]) => [key, [{ value }]]);
  // JSON is YAML, too.
  await writeFile(dynamicFile, JSON.stringify(Object.fromEntries(values), undefined, 2));
  const config = JSON.stringify(serverConfig(settings, dynamicFile), undefined, 2);
  await writeFile(join(folder, 'temporal.yaml'), config);
  return ['--root', folder, '--config', '.', '--env', 'temporal', '--allow-no-auth', 'start'];
}

/** https://docs.temporal.io/references/configuration */
function serverConfig({ databaseUrl, historyShards, ports }: ServerSettings, dynamicFile: string) {
  const { host, username } = new URL(databaseUrl);
  const store = (databaseName: string, connections: number) => ({
    sql: {
      pluginName: 'postgres12',
      connectProtocol: 'tcp',
      connectAddr: host,
      user: username,
      databaseName,
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  });
  const disabled = { state: 'disabled' };
  return {
    // As the development server of the stack.
    log: { stdout: true, level: 'error', format: 'json' },
    persistence: {
      numHistoryShards: historyShards,
      defaultStore: 'workflows',
      visibilityStore: 'visibility',
      datastores: {
        workflows: store(databases.workflows, poolSize.workflows),
        visibility: store(databases.visibility, poolSize.visibility),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(
      services.map((service) => [service, { rpc: { ...ports[service], bindOnIP: '127.0.0.1' } }]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${ports.frontend.grpcPort}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: { history: disabled, visibility: disabled },
    namespaceDefaults: { archival: { history: disabled, visibility: disabled } },
    dynamicConfigClient: { filepath: dynamicFile, pollInterval: '60s' },
  };
}
