import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';
import { runTool } from '../../stack/run-tool';
import { outputOf } from '../../stack/prerequisites';
import { NotRunnable, type RunContext } from './contender';
import type { OwnServers } from './own-servers';

export interface PostgresOptions extends Pick<RunContext, 'signal'> {
  /** As in postgresql.conf, beside the settings it comes with. */
  settings?: Record<string, string>;
}

/**
 * A PostgreSQL server with the settings it comes with, on an empty folder that goes with it. The folder belongs to another user where we are root.
 * Returns the address of its first database.
 * @throws NotRunnable where there is no PostgreSQL
 */
export async function startPostgres(own: OwnServers, options: PostgresOptions): Promise<string> {
  const { signal } = options;
  const { bin, user } = await findPostgres();
  // Not in the run's folder, which another user may not enter.
  const folder = await mkdtemp(join(tmpdir(), 'headway-bench-postgres-'));
  own.afterwards(() => rm(folder, { recursive: true, force: true }));
  if (user) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = (command: string, ...args: string[]) => asUser(user, join(bin, command), args);
  const owner = ['--username', 'bench', '--auth', 'trust'];
  await runTool({
    ...as('initdb', '--pgdata', data, ...owner, '--encoding', 'UTF8', '--no-locale'),
    ...{ cwd: folder, env: process.env, signal },
  });
  const port = await own.port();
  const url = `postgresql://bench@127.0.0.1:${port}/postgres`;
  const where = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
  const settings = Object.entries({ ...options.settings, ...where });
  const set = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  await own.start({ name: 'postgres', ...as('postgres', '-D', data, ...set), ready: () => answers(url) });
  return url;
}

/** What `startPostgres` needs. @throws NotRunnable where it is not there */
export async function findPostgres(): Promise<{ bin: string; user?: { uid: number; gid: number } }> {
  return { bin: postgresBinaries(), user: await postgresUser() };
}

/** The newest one. @throws NotRunnable where there is none */
export function postgresBinaries(
  env: NodeJS.ProcessEnv = process.env,
  debian = '/usr/lib/postgresql',
): string {
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debian, version, 'bin'))
    .concat((env.PATH ?? '').split(delimiter));
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')));
  if (found !== undefined) return found;
  throw new NotRunnable('No initdb of PostgreSQL was found: apt-get install postgresql.');
}

/** PostgreSQL refuses to run as root. */
async function postgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const line = await outputOf('getent', ['passwd', 'postgres'], process.env);
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined)
    throw new NotRunnable('PostgreSQL does not run as root, and there is no user postgres.');
  return { uid: Number(uid), gid: Number(gid) };
}

/** setpriv is replaced by the program, which keeps its pid. */
function asUser(user: { uid: number; gid: number } | undefined, command: string, args: string[]) {
  if (!user) return { command, args };
  const change = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return { command: 'setpriv', args: [...change, command, ...args] };
}

async function answers(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => {});
  }
}
