import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { cacheDir, fillCache } from '../cache';

/**
 * Opens the database in a folder, a new one where there is none. A folder appears under its name only when it is
 * complete, so that a start that was interrupted does not leave half a database behind.
 */
export async function openDatabase(folder: string): Promise<PGlite> {
  if (!existsSync(folder)) {
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    const db = await PGlite.create(partial, { loadDataDir: await emptyDatabase() });
    await db.close();
    await rename(partial, folder);
  }
  return PGlite.create(folder);
}

/** Making the files of an empty database takes 4 s of CPU, unpacking them half a second: made once, then cached. */
async function emptyDatabase(): Promise<Blob> {
  const entry = { root: cacheDir(), name: 'postgres', version: await pgliteVersion() };
  const cached = await fillCache(entry, async (folder) => {
    const db = await PGlite.create();
    const files = await db.dumpDataDir('none');
    await db.close();
    await writeFile(join(folder, 'empty.tar'), Buffer.from(await files.arrayBuffer()));
  });
  return new Blob([await readFile(join(cached, 'empty.tar'))]);
}

async function pgliteVersion(): Promise<string> {
  const file = join(dirname(require.resolve('@electric-sql/pglite')), '..', 'package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
