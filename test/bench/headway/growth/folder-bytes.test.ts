import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderBytes } from '../../../../bench/headway/growth/folder-bytes';

it('adds up files at every depth, and takes a folder that is not there for empty', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-bytes-'));
  try {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await writeFile(join(folder, 'one'), 'x'.repeat(100));
    await writeFile(join(folder, 'a', 'b', 'two'), 'x'.repeat(23));
    expect(await folderBytes(folder)).toBe(123);
    expect(await folderBytes(join(folder, 'none'))).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
