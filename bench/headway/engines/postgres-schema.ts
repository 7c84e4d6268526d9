import { runTool } from '../../../stack/run-tool';

/** Temporal keeps workflows in one and what is searched for in the other. */
export const databases = { workflows: 'temporal', visibility: 'temporal_visibility' } as const;

export interface SchemaOptions {
  /** Temporal's SQL tool. */
  sqlTool: string;
  /** A database of a PostgreSQL that has none of the two yet. */
  databaseUrl: string;
  signal: AbortSignal;
}

/**
 * Creates Temporal's two databases, as deploy/temporal/create-schema.sh does.
 * Throws HW_STACK_FAILED with what the tool says, or the reason of `signal`.
 */
export async function createSchema({ sqlTool, databaseUrl, signal }: SchemaOptions): Promise<void> {
  const { hostname, port, username } = new URL(databaseUrl);
  const schemas = [
    [databases.workflows, 'postgresql/v12/temporal'],
    [databases.visibility, 'postgresql/v12/visibility'],
  ] as const;
  for (const [database, schema] of schemas) {
    const to = ['--plugin', 'postgres12', '--endpoint', hostname, '--port', port, '--user', username];
    const run = (...args: string[]) =>
      // It would take what is missing from SQL_* variables.
      runTool({ command: sqlTool, args: [...to, '--database', database, ...args], env: {}, signal });
    await run('create-database');
    await run('setup-schema', '--version', '0.0');
    await run('update-schema', '--schema-name', schema);
  }
}
