import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../../../runtime/payload-store/blob-store';
import { createFolderStore } from '../../../runtime/payload-store/folder-store';
import { createS3Store } from '../../../runtime/payload-store/s3-store';
import { bucket, startS3Server, type S3Server } from './s3-server';

const bytes = Buffer.from('twenty megabytes, in spirit'.repeat(1_000));
const name = createHash('sha256').update(bytes).digest('hex');
const nobody = 'f'.repeat(64);

let folder: string;
let s3: S3Server;
const environment = { ...process.env };

beforeAll(async () => {
  s3 = await startS3Server();
  Object.assign(process.env, s3.env);
});

afterAll(async () => {
  process.env = environment;
  await s3.remove();
});

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'headway-payloads-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

describe.each<[string, () => BlobStore]>([
  ['a folder', () => createFolderStore(folder)],
  ['a bucket', () => createS3Store({ bucket, prefix: 'some/where' })],
])('%s', (_, create) => {
  it('gives back what was put, to another process too', async () => {
    await create().put(name, bytes);
    expect(Buffer.from((await create().get(name)) ?? [])).toEqual(bytes);
  });

  it('takes the same bytes again, also from many at once', async () => {
    const store = create();
    await Promise.all(Array.from({ length: 8 }, () => store.put(name, bytes)));
    await store.put(name, bytes);
    expect(Buffer.from((await store.get(name)) ?? [])).toEqual(bytes);
  });

  it('says of a blob it does not have that there is none', async () => {
    expect(await create().get(nobody)).toBeUndefined();
  });
});

describe('a folder', () => {
  it('holds whole files only, which nobody else may read', async () => {
    await Promise.all(Array.from({ length: 4 }, () => createFolderStore(folder).put(name, bytes)));
    expect(filesIn(folder).map((entry) => entry.name)).toEqual([name]);
    expect(statSync(join(folder, name.slice(0, 2), name)).mode & 0o777).toBe(0o600);
  });

  it('leaves no part of a file behind when it is interrupted', async () => {
    const aborted = AbortSignal.abort(new Error('stop'));
    await expect(createFolderStore(folder).put(name, bytes, aborted)).rejects.toThrow();
    expect(filesIn(folder)).toEqual([]);
  });

  it('replaces a file that was cut short', async () => {
    const file = join(folder, name.slice(0, 2), name);
    await createFolderStore(folder).put(name, bytes);
    writeFileSync(file, 'half');
    await createFolderStore(folder).put(name, bytes);
    expect(statSync(file).size).toBe(bytes.length);
  });

  it('makes a blob young again that is put once more: a clean-up by age does not take it', async () => {
    const file = join(folder, name.slice(0, 2), name);
    await createFolderStore(folder).put(name, bytes);
    utimesSync(file, 1, 1);
    await createFolderStore(folder).put(name, bytes);
    expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(60_000);
  });

  it('is not made when it is gone, as a volume that is not mounted, and works again when it is back', async () => {
    const store = createFolderStore(folder);
    await store.put(name, bytes);
    renameSync(folder, `${folder}-away`);
    await expect(store.put(name, bytes)).rejects.toThrow(/ENOENT/);
    await expect(store.get(name)).rejects.toThrow(/ENOENT/);
    renameSync(`${folder}-away`, folder);
    expect(await store.get(name)).toHaveLength(bytes.length);
    expect(mkdirSync(folder, { recursive: true })).toBeUndefined();
  });
});

describe('a bucket', () => {
  it('does not send again what it has', async () => {
    const store = createS3Store({ bucket, prefix: 'once' });
    await store.put(name, bytes);
    const [object] = filesIn(join(s3.directory, bucket, 'once')).filter((entry) =>
      /object$/.test(entry.name),
    );
    const file = join(object?.parentPath ?? '', object?.name ?? '');
    const written = statSync(file).mtimeMs;
    await store.put(name, bytes);
    expect(statSync(file).mtimeMs).toBe(written);
  });

  it('fails while the server is away, and works again when it is back', async () => {
    const store = createS3Store({ bucket, prefix: '' });
    await store.put(name, bytes);
    await s3.stop();
    await expect(store.get(name)).rejects.toThrow(/ECONNREFUSED/);
    await expect(store.put(nobody, bytes)).rejects.toThrow(/ECONNREFUSED/);
    await s3.start();
    expect(await store.get(name)).toHaveLength(bytes.length);
  });

  it('fails when there is no such bucket', async () => {
    const store = createS3Store({ bucket: 'nowhere', prefix: '' });
    await expect(store.put(name, bytes)).rejects.toThrow(/bucket does not exist/);
    await expect(store.get(name)).rejects.toThrow(/bucket does not exist/);
  });
});
