import { join } from 'node:path';
import { buildWithGo, type BuildOptions } from '../../../stack/build-with-go';
import { cachedFolder, cacheDir, fillCache, type CacheEntry } from '../../../stack/cache';
import { requireGo } from '../../../stack/prerequisites';

/** The server inside the Temporal CLI of the stack is of the same version, so that the two engines can be compared. */
export const serverVersion = '1.29.1';

const commands = 'go.temporal.io/server/cmd';

export interface ServerPrograms {
  /** All four services of Temporal. */
  server: string;
  /** Creates Temporal's databases; has the schema inside. */
  sqlTool: string;
}

/** The programs of a full Temporal server, where they were built before. */
export function findServerPrograms(env: NodeJS.ProcessEnv): ServerPrograms | undefined {
  const cached = cachedFolder(cacheEntry(env));
  return cached === undefined ? undefined : programsIn(cached);
}

/**
 * Builds a full Temporal server with Go into the user's cache, unless it is there: about 6 minutes of CPU the first time, of which Go keeps what
 * it has compiled.
 * Throws HW_PREREQUISITE_MISSING when there is no Go, HW_STACK_FAILED when the build fails, or the reason of `signal`.
 */
export async function installServerPrograms(options: BuildOptions): Promise<ServerPrograms> {
  const { env, report, signal } = options;
  const fill = async (folder: string) => {
    await requireGo(env, {
      why: 'The engine postgres needs a full Temporal server, which',
      remedy: 'Install Go, or measure with --engine embedded.',
    });
    report('building the Temporal server with Go, which takes some minutes the first time');
    await buildWithGo(folder, [programOf('server'), programOf('tools/sql')], options);
  };
  const onWaiting = () => report('another process is building the Temporal server, waiting for it');
  return programsIn(await fillCache(cacheEntry(env), fill, { signal, onWaiting }));
}

function programOf(path: string): string {
  return `${commands}/${path}@v${serverVersion}`;
}

function programsIn(folder: string): ServerPrograms {
  const ending = process.platform === 'win32' ? '.exe' : '';
  return { server: join(folder, `server${ending}`), sqlTool: join(folder, `sql${ending}`) };
}

function cacheEntry(env: NodeJS.ProcessEnv): CacheEntry {
  const version = `${serverVersion}-${process.platform}-${process.arch}`;
  return { root: cacheDir(env), name: 'temporal-server', version };
}
