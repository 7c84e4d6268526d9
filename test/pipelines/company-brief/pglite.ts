import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Database } from '../../../pipelines/define-pipeline';

const migrations = join(__dirname, '..', '..', '..', 'stack', 'postgres', 'migrations');

/** PGlite loads its parts by `import()`, which jest's sandbox does not have; a worker thread is outside of it. */
const worker = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { PGlite } = require(workerData);
  const server = PGlite.create();
  parentPort.on('message', async ({ sql, parameters }) => {
    try {
      const pg = await server;
      const rows = parameters ? (await pg.query(sql, parameters)).rows : await pg.exec(sql);
      parentPort.postMessage({ rows });
    } catch (error) {
      parentPort.postMessage({ error: String(error), code: error.code });
    }
  });`;

interface Answer {
  rows: unknown[];
  error?: string;
  /** That of PostgreSQL. */
  code?: string;
}

export interface TestDatabase extends Database {
  /** Several statements at once, without parameters. */
  exec(sql: string): Promise<void>;
  close(): Promise<unknown>;
}

/** PostgreSQL in memory with the tables of stack/postgres/migrations. One query at a time. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const thread = new Worker(worker, { eval: true, workerData: require.resolve('@electric-sql/pglite') });

  const ask = (message: { sql: string; parameters?: unknown[] }) =>
    new Promise<unknown[]>((resolve, reject) => {
      thread.once('error', reject);
      thread.once('message', ({ rows, error, code }: Answer) => {
        thread.off('error', reject);
        if (error) reject(Object.assign(new Error(error), { code }));
        else resolve(rows);
      });
      thread.postMessage(message);
    });

  const database: TestDatabase = {
    query: async <Row extends Record<string, unknown>>(sql: string, parameters: unknown[] = []) =>
      (await ask({ sql, parameters })) as Row[],
    exec: async (sql) => void (await ask({ sql })),
    close: () => thread.terminate(),
  };
  for (const name of readdirSync(migrations)
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
    await database.exec(readFileSync(join(migrations, name), 'utf8'));
  }
  return database;
}
