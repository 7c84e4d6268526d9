import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/** The user's cache folder of Headway: outside the project, so that `npm ci` and a fresh clone keep it. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.HEADWAY_CACHE_DIR ?? join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'headway');
}

export interface CacheEntry {
  root: string;
  /** For example `kafka`. */
  name: string;
  /** Everything that decides about the content; another version is another folder. */
  version: string;
}

/** The folder of an entry, or undefined when it was never completed. */
export function cachedFolder(entry: CacheEntry): string | undefined {
  const folder = folderOf(entry);
  return existsSync(folder) ? folder : undefined;
}

export interface FillOptions {
  signal?: AbortSignal;
  /** Called once when another process is already filling the same entry. */
  onWaiting?: () => void;
  /** A lock whose holder gave no sign for this long was left behind by a killed one. Default: 10,000 ms. */
  staleAfterMs?: number;
}

/**
 * Returns the folder of an entry, and calls `fill` with an empty folder when there is none yet. Of several processes one fills and
 * the others wait. A folder appears under its name only when it is complete, so an interrupted `fill` is simply run again.
 * Throws what `fill` throws, or the reason of `signal`.
 */
export async function fillCache(
  entry: CacheEntry,
  fill: (folder: string) => Promise<void>,
  options: FillOptions = {},
): Promise<string> {
  const folder = folderOf(entry);
  if (existsSync(folder)) return folder;
  const parent = join(entry.root, entry.name);
  await mkdir(parent, { recursive: true });
  const unlock = await waitForLock(folder, options);
  try {
    if (existsSync(folder)) return folder;
    await removePartial(parent, entry.version);
    const partial = join(parent, `${partialPrefix(entry.version)}${randomUUID()}`);
    await mkdir(partial);
    try {
      await fill(partial);
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return folder;
  } finally {
    await unlock();
  }
}

async function waitForLock(folder: string, options: FillOptions): Promise<() => Promise<void>> {
  const staleAfterMs = options.staleAfterMs ?? 10_000;
  let told = false;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const release = await lock(folder, {
        realpath: false,
        stale: staleAfterMs,
        update: staleAfterMs / 4,
        // Someone thought we were dead and fills it too. Both fill folders of their own, so nothing breaks.
        onCompromised: () => {},
      });
      return () => release().catch(() => {});
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (!told) options.onWaiting?.();
      told = true;
      await delay(200, undefined, { signal: options.signal });
    }
  }
}

async function removePartial(parent: string, version: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(partialPrefix(version)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

function folderOf(entry: CacheEntry): string {
  return join(entry.root, entry.name, entry.version);
}

function partialPrefix(version: string): string {
  return `.partial-${version}-`;
}
