import { join } from 'node:path';
import { Client } from 'pg';
import { HeadwayError } from '../../../contracts/errors';
import { createLeash } from '../../../stack/leash';
import { type OnProgress, withProgress } from '../../../stack/progress';
import { withoutTemporalSettings } from '../../../stack/temporal/server';
import { readProcessTable, treeOf } from '../../compare/process-table';
import { NotRunnable } from '../../contenders/contender';
import { type OwnServers, startOwnServers } from '../../contenders/own-servers';
import { findPostgres, startPostgres } from '../../contenders/postgres';
import type { RunningEngine } from './engine';
import { databaseSettings, reservePorts, writeServerConfig } from './postgres-config';
import { createNamespace } from './postgres-namespace';
import {
  findServerPrograms,
  installServerPrograms,
  serverVersion,
  type ServerPrograms,
} from './postgres-programs';
import { createSchema, databases } from './postgres-schema';

export interface PostgresEngineOptions {
  /** Configuration and logs of the two servers. PostgreSQL's data is elsewhere, and deleted at the end. */
  dataDir: string;
  /** Default: `default`. */
  namespace?: string;
  /** Into how many parts Temporal splits its work; fixed for the life of a database. Default: 128. */
  historyShards?: number;
  /** Whether a transaction waits for the disk, as PostgreSQL comes. Default: true. */
  synchronousCommit?: boolean;
  /** Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Ends the start. */
  signal?: AbortSignal;
  onProgress: OnProgress;
  /** A line, when a server ends by itself. */
  log: (line: string) => void;
}

export interface PostgresEngine extends RunningEngine {
  /** `host:port` of Temporal. */
  address: string;
  namespace: string;
  /** The database with the workflows. */
  databaseUrl: string;
  /**
   * What runs at the moment: the server, and PostgreSQL's first process with all below it, one for each connection. Their memory cannot be added
   * up, since they share most of it.
   */
  pids: RunningEngine['pids'];
}

/**
 * A full Temporal server, all services in one process, on a fresh PostgreSQL, both on 127.0.0.1. The first time the server is built with Go, which
 * takes minutes. Resolves when workflows can be started and found by their search attributes.
 * Throws HW_PREREQUISITE_MISSING before anything is started, HW_STACK_FAILED, or the reason of `signal`; nothing runs any more then.
 */
export async function startPostgresEngine(options: PostgresEngineOptions): Promise<PostgresEngine> {
  const programs = await prepare(options);
  const { dataDir, log, signal = new AbortController().signal } = options;
  return startOwnServers({ dataDir, log, signal }, (own) =>
    startServers(own, programs, { ...options, signal }),
  );
}

/** The cheap looks come first: nobody wants to wait minutes to be told that PostgreSQL is missing. */
async function prepare({ env = process.env, signal, onProgress }: PostgresEngineOptions) {
  await requirePostgres();
  const found = findServerPrograms(env);
  if (found) return found;
  const leash = createLeash();
  try {
    return await withProgress(onProgress, `Temporal server ${serverVersion}`, (report) =>
      installServerPrograms({ env, leash, signal, report }),
    );
  } finally {
    leash.release();
  }
}

async function requirePostgres(): Promise<void> {
  try {
    await findPostgres();
  } catch (error) {
    if (!(error instanceof NotRunnable)) throw error;
    const text = `The engine postgres cannot run: ${error.message}`;
    throw new HeadwayError('HW_PREREQUISITE_MISSING', text, { cause: error });
  }
}

async function startServers(
  own: OwnServers,
  { server, sqlTool }: ServerPrograms,
  options: PostgresEngineOptions & { signal: AbortSignal },
): Promise<PostgresEngine> {
  const { dataDir, namespace = 'default', historyShards = 128, synchronousCommit = true } = options;
  const { env = process.env, signal, onProgress } = options;
  const databaseUrl = await withProgress(onProgress, 'PostgreSQL for Temporal', async (report) => {
    const first = await startPostgres(own, { signal, settings: databaseSettings(synchronousCommit) });
    report('creating the databases');
    await createSchema({ sqlTool, databaseUrl: first, signal });
    return new URL(databases.workflows, first).href;
  });
  const ports = await reservePorts(() => own.port());
  const address = `127.0.0.1:${ports.frontend.grpcPort}`;
  const args = await writeServerConfig(join(dataDir, 'temporal'), { databaseUrl, historyShards, ports });
  const temporal = await withProgress(onProgress, 'Temporal on PostgreSQL', () =>
    own.start({
      name: 'temporal',
      command: server,
      args,
      env: withoutTemporalSettings(env),
      ready: () => createNamespace(address, namespace),
      readyTimeoutMs: 120_000,
    }),
  );
  const storage = `${await describe(databaseUrl)}, ${historyShards} history shards`;
  return {
    env: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    address,
    namespace,
    databaseUrl,
    storage,
    pids: () => ({
      temporal: temporal.pid === undefined ? [] : [temporal.pid],
      database: pidsBelow(own.running({}).pids.postgres),
    }),
    stop: () => own.stop(),
  };
}

function pidsBelow(root: number | undefined): number[] {
  if (root === undefined) return [];
  return treeOf(readProcessTable(), [root]).map(({ pid }) => pid);
}

/** What the server says itself, and not what it was asked for. */
async function describe(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; commit: string }>(
      "select current_setting('server_version') as version, current_setting('synchronous_commit') as commit",
    );
    return `PostgreSQL ${rows[0]?.version} (synchronous_commit=${rows[0]?.commit})`;
  } finally {
    await client.end();
  }
}
