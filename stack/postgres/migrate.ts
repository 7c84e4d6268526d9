import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { projectRoot } from '../../runtime/project-root';
import { seed } from './seed/seed';

/** Default of `migrate`: the numbered SQL files of the local stack. */
export const migrationsFolder = () => join(projectRoot(), 'stack', 'postgres', 'migrations');

/**
 * Brings a database up to date: each numbered SQL file once, in order and in a transaction of its own, then the example data.
 * Harmless to repeat. Throws the database's error, or one that names a file that was changed after it had been applied.
 */
export async function migrate(databaseUrl: string, folder = migrationsFolder()): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  // pg reports a connection that breaks between two queries as an event; the next query throws.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(
      'create table if not exists schema_migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string; sha256: string }>(
      'select name, sha256 from schema_migrations',
    );
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    for (const name of readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort()) {
      const sql = readFileSync(join(folder, name), 'utf8');
      const sha256 = createHash('sha256').update(sql).digest('hex');
      if (!applied.has(name)) await apply(client, name, sql, sha256);
      else if (applied.get(name) !== sha256)
        throw new Error(`${name} was changed after it had been applied; add a new file.`);
    }
    await seed(client);
  } finally {
    await client.end();
  }
}

async function apply(client: Client, name: string, sql: string, sha256: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [name, sha256]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
