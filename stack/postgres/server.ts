import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { projectRoot } from '../../runtime/project-root';
import { startManagedProcess } from '../managed-process';
import type { ServerContext, ServerHandle } from '../types';
import { migrate } from './migrate';

/**
 * Starts PostgreSQL (PGlite: PostgreSQL compiled to WebAssembly, so it works from `npm ci` alone, also as root) with schema
 * and example data. Throws HW_STACK_FAILED.
 */
export async function startPostgres(
  context: ServerContext,
  options: { preferredPort: number },
): Promise<{ server: ServerHandle; databaseUrl: string }> {
  const port = await context.ports.reserve(options.preferredPort);
  const databaseUrl = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  await mkdir(context.dataDir, { recursive: true });
  const dataDir = join(context.dataDir, 'postgres');
  const server = await startManagedProcess(context, {
    name: 'postgres',
    command: process.execPath,
    args: [join(projectRoot(), 'dist', 'stack', 'postgres', 'main.js'), String(port), dataDir],
    ready: () => answers(databaseUrl),
  });
  await migrate(databaseUrl);
  return { server, databaseUrl };
}

async function answers(databaseUrl: string): Promise<void> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  // pg reports a connection that breaks later as an event, which nobody else would hear.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => {});
  }
}
