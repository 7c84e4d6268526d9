import { constants } from 'node:fs';
import { access, chmod, rename } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { projectRoot } from '../../runtime/project-root';
import { buildWithGo, type BuildOptions } from '../build-with-go';
import { cachedFolder, cacheDir, fillCache, type CacheEntry } from '../cache';
import { isAtLeast, outputOf, requireGo } from '../prerequisites';
import { runTool } from '../run-tool';

/** The last release of the Temporal CLI that `go install` can build; later ones carry a `replace` line in their go.mod. */
const cliVersion = 'v1.5.1';

/** The oldest server the stack is tested with. */
const minimumServer = [1, 29] as const;

/**
 * The `temporal` program that is there already: TEMPORAL_CLI_PATH, a recent one on PATH, or the cached one. Undefined when there is none.
 * Throws HW_PREREQUISITE_MISSING when TEMPORAL_CLI_PATH names something else.
 */
export async function findTemporal(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const cached = cachedFolder(cacheEntry(env));
  return (await configured(env)) ?? (await onPath(env)) ?? (cached && join(cached, programName()));
}

/**
 * Puts a `temporal` program into the cache: the one the Temporal SDK downloads or, where that fails, one built with Go
 * (3 to 5 minutes; Go keeps what it has compiled, so an interrupted build goes on where it was).
 * Throws HW_PREREQUISITE_MISSING when there is no Go either, or the reason of `signal`.
 */
export async function installTemporal(options: BuildOptions): Promise<string> {
  const { env, report, signal } = options;
  const onWaiting = () => report('another process is fetching the Temporal CLI, waiting for it');
  const folder = await fillCache(cacheEntry(env), (partial) => obtain(partial, options), {
    signal,
    onWaiting,
  });
  return join(folder, programName());
}

async function configured(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = env.TEMPORAL_CLI_PATH;
  if (path === undefined || path === '') return undefined;
  if ((await serverVersion(path, env)) !== undefined) return path;
  throw new HeadwayError(
    'HW_PREREQUISITE_MISSING',
    `TEMPORAL_CLI_PATH is ${path}, which is not a Temporal CLI that runs.`,
  );
}

async function onPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter((part) => part !== '')) {
    const path = join(folder, programName());
    if (!(await isExecutable(path))) continue;
    const version = await serverVersion(path, env);
    if (version !== undefined && isAtLeast(version, minimumServer)) return path;
  }
  return undefined;
}

/** The version of the server inside, for example `1.29.1`. */
async function serverVersion(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const output = await outputOf(path, ['--version'], env);
  return /Server (\d+\.\d+\.\d+)/.exec(output ?? '')?.[1];
}

async function obtain(folder: string, options: BuildOptions): Promise<void> {
  try {
    await download(folder, options);
    return;
  } catch (error) {
    options.signal?.throwIfAborted();
    options.report(`no download (${messageOf(error).slice(0, 80)})`);
  }
  await requireGo(options.env);
  options.report('building the Temporal CLI with Go, which takes some minutes the first time');
  await buildWithGo(folder, [`github.com/temporalio/cli/cmd/temporal@${cliVersion}`], options);
}

/** The SDK's downloader can only be reached by starting a server with it, so that is what the child process does. */
async function download(folder: string, { env, leash, signal, report }: BuildOptions): Promise<void> {
  report('downloading the Temporal CLI');
  const main = join(projectRoot(), 'dist', 'stack', 'temporal', 'download-main.js');
  await runTool({ command: process.execPath, args: [main, folder, cliVersion], env, leash, signal });
  const program = join(folder, programName());
  await rename(join(folder, `temporal-${cliVersion}${process.platform === 'win32' ? '.exe' : ''}`), program);
  await chmod(program, 0o755);
}

function cacheEntry(env: NodeJS.ProcessEnv): CacheEntry {
  const version = `${cliVersion.slice(1)}-${process.platform}-${process.arch}`;
  return { root: cacheDir(env), name: 'temporal-cli', version };
}

function programName(): string {
  return process.platform === 'win32' ? 'temporal.exe' : 'temporal';
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
