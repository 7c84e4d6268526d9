import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from './blob-store';

/**
 * Blobs as files of a folder on this machine, or of a shared volume. The folder itself is never made: while a volume is not
 * mounted, blobs must not end up where no other machine finds them.
 */
export function createFolderStore(folder: string): BlobStore {
  return {
    address: folder,

    async put(name, bytes, signal) {
      const { directory, file } = placeOf(name);
      if (await refreshed(file, bytes.length)) return;
      await makeDirectory(directory);
      const temporary = `${file}.${randomUUID()}.part`;
      try {
        await writeDurably(temporary, bytes, signal);
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncDirectory(directory);
    },

    async get(name, signal) {
      const { file } = placeOf(name);
      try {
        return await readFile(file, { signal });
      } catch (error) {
        if (!isMissing(error)) throw error;
        // Tells a blob that is gone from a folder that is.
        await stat(folder);
        return undefined;
      }
    },
  };

  /** 256 subfolders keep each of them small. */
  function placeOf(name: string) {
    const directory = join(folder, name.slice(0, 2));
    return { directory, file: join(directory, name) };
  }

  async function makeDirectory(directory: string): Promise<void> {
    try {
      await mkdir(directory, { mode: 0o700 });
      await syncDirectory(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Whether the whole file is there already; its time is then now, so that a clean-up by age does not take it. */
async function refreshed(file: string, size: number): Promise<boolean> {
  try {
    if ((await stat(file)).size !== size) return false;
    const now = new Date();
    await utimes(file, now, now);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function writeDurably(file: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes, { signal });
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is durable once its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
