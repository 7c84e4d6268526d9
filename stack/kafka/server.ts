import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';
import { startManagedProcess } from '../managed-process';
import { runTool } from '../run-tool';
import type { KafkaListeners, ServerContext, ServerHandle } from '../types';
import { withAdmin } from './admin';
import { type BrokerAddress, brokerProperties } from './properties';

/** Any 16 bytes in base64url; a constant, since every data folder has a cluster of its own. */
const clusterId = 'aGVhZHdheS1sb2NhbC0xMg';

export interface KafkaOptions {
  brokers: 1 | 3;
  java: string;
  /** Folder with Kafka's jars. */
  jars: string;
  preferredPort: number;
  advertisedPorts?: readonly number[];
}

export interface RunningKafka {
  servers: ServerHandle[];
  /** `host:port` of every broker as clients are told. */
  brokers: string[];
  /** What they really listen on, past any proxy. */
  listeners: KafkaListeners[];
}

/** Starts one broker, or a cluster of three. Resolves when all of them answer. Throws HW_STACK_FAILED. */
export async function startKafka(context: ServerContext, options: KafkaOptions): Promise<RunningKafka> {
  const addresses = await chooseAddresses(context, options);
  const servers = await Promise.all(
    addresses.map((address) => startBroker(context, address, addresses, options)),
  );
  return {
    servers,
    brokers: addresses.map((address) => `127.0.0.1:${address.advertisedPort}`),
    listeners: addresses.map(({ port, internalPort }) => ({
      client: `127.0.0.1:${port}`,
      internal: `127.0.0.1:${internalPort}`,
    })),
  };
}

async function chooseAddresses(context: ServerContext, options: KafkaOptions): Promise<BrokerAddress[]> {
  const addresses: BrokerAddress[] = [];
  for (let index = 0; index < options.brokers; index++) {
    const port = await context.ports.reserve(options.preferredPort + index);
    addresses.push({
      nodeId: index + 1,
      port,
      advertisedPort: options.advertisedPorts?.[index] ?? port,
      internalPort: await context.ports.reserve(options.preferredPort + 10 + index),
      controllerPort: await context.ports.reserve(options.preferredPort + 20 + index),
    });
  }
  return addresses;
}

async function startBroker(
  context: ServerContext,
  address: BrokerAddress,
  all: readonly BrokerAddress[],
  options: KafkaOptions,
): Promise<ServerHandle> {
  const name = all.length > 1 ? `kafka-${address.nodeId}` : 'kafka';
  const folder = join(context.dataDir, 'kafka', all.length > 1 ? `cluster-of-${all.length}` : 'single', name);
  const dataDir = join(folder, 'data');
  const propertiesFile = join(folder, 'server.properties');
  await mkdir(dataDir, { recursive: true });
  await writeFile(propertiesFile, brokerProperties(address, all, dataDir));
  const { java } = options;
  const { leash, env, signal } = context;
  if (!existsSync(join(dataDir, 'meta.properties'))) {
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', propertiesFile];
    await runTool({ command: java, args: [...jvm(options.jars), ...format], env, leash, signal });
  }
  return startManagedProcess(context, {
    name,
    command: java,
    args: [...jvm(options.jars), 'kafka.Kafka', propertiesFile],
    // Brokers that stop together lose their quorum, and then wait for it.
    killAfterMs: all.length > 1 ? 3_000 : undefined,
    ready: () => isInCluster(address),
  });
}

function jvm(jars: string): string[] {
  const log4j = join(projectRoot(), 'stack', 'kafka', 'log4j2.xml');
  return [
    // Enough for this stack's few partitions; the page cache does the rest.
    '-Xmx512m',
    '-XX:+UseSerialGC',
    // The optimising compiler costs 1.8 of the 4.5 s of CPU that a start takes, and this broker is never busy for long.
    '-XX:TieredStopAtLevel=1',
    '-XX:-UsePerfData',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${log4j}`,
    '-cp',
    join(jars, '*'),
  ];
}

/** A broker that the controller does not count as alive yet accepts connections, but leads no partition. */
async function isInCluster(address: BrokerAddress): Promise<void> {
  const { brokers } = await withAdmin([`127.0.0.1:${address.internalPort}`], (admin) =>
    admin.describeCluster(),
  );
  if (!brokers.some((broker) => broker.nodeId === address.nodeId)) throw new Error('not in the cluster yet');
}
