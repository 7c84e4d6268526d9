import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startManagedProcess } from '../managed-process';
import type { ServerContext, ServerHandle } from '../types';
import { prepareNamespace, searchAttributeTypes } from './namespace';
import { readDatabase, reviveInterrupted } from './revive';

/**
 * The defaults protect a shared cluster: they bind before one machine's CPU does (2,400 requests a second at the frontend, 1,200 at matching),
 * and every figure would be theirs instead of ours. Keys: https://docs.temporal.io/references/dynamic-configuration
 */
export const dynamicConfig = {
  'frontend.rps': 100_000,
  'frontend.namespaceRPS': 100_000,
  'frontend.namespaceRPS.visibility': 10_000,
  // Long polls and queries at a time, for each API method.
  'frontend.namespaceCount': 20_000,
  'matching.rps': 100_000,
  'history.rps': 100_000,
  'frontend.persistenceMaxQPS': 100_000,
  'matching.persistenceMaxQPS': 100_000,
  'history.persistenceMaxQPS': 100_000,
  // Priorities, and fairness by tenant, in the task queues: off by default. Both hold within one partition of a queue, and a single server
  // gains nothing by several. Over data of a server that ran without fairness: let it finish its jobs first, since server 1.29.1 does not serve
  // tasks that wait in the old queues. docs/guides/priority-and-fairness.md
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

export interface TemporalOptions {
  /** The `temporal` program. */
  binary: string;
  preferredPort: number;
  preferredUiPort: number;
  /** Made where it does not exist. */
  namespace: string;
}

export interface RunningTemporal {
  server: ServerHandle;
  address: string;
  namespace: string;
  uiUrl: string;
}

/** Starts server and UI. Resolves when namespace and search attributes are ready to use. Throws HW_STACK_FAILED. */
export async function startTemporal(
  context: ServerContext,
  options: TemporalOptions,
): Promise<RunningTemporal> {
  const { namespace } = options;
  const port = await context.ports.reserve(options.preferredPort);
  const uiPort = await context.ports.reserve(options.preferredUiPort);
  const dataDir = join(context.dataDir, 'temporal');
  await mkdir(dataDir, { recursive: true });
  const address = `127.0.0.1:${port}`;
  const server = await startManagedProcess(context, {
    name: 'temporal',
    command: options.binary,
    args: serverArguments(dataDir, port, uiPort, namespace),
    env: withoutTemporalSettings(context.env),
    ready: () => prepareNamespace(address, namespace),
  });
  reviveInterrupted({ context, server, read: () => readDatabase(address) });
  return { server, address, namespace, uiUrl: `http://127.0.0.1:${uiPort}` };
}

function serverArguments(dataDir: string, port: number, uiPort: number, namespace: string): string[] {
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--ui-port=${uiPort}`,
    `--namespace=${namespace}`,
    `--db-filename=${join(dataDir, 'temporal.db')}`,
    // The default journal starts 22 workflows a second, this one 80 to 118. A killed server loses nothing with it.
    '--sqlite-pragma=journal_mode=WAL',
    '--sqlite-pragma=synchronous=NORMAL',
    '--log-level=error',
    '--log-format=json',
    ...searchAttributeTypes().map(([name, type]) => `--search-attribute=${name}=${type}`),
    ...Object.entries(dynamicConfig).map(([key, value]) => `--dynamic-config-value=${key}=${value}`),
  ];
}

/** A profile or address meant for clients would make the server's program read a configuration that is not for it. */
export function withoutTemporalSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
