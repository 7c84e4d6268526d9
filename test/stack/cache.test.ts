import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFolder, cacheDir, fillCache } from '../../stack/cache';
import { temporaryFolder } from './temporary-folder';

const root = temporaryFolder();
const entry = () => ({ root: root(), name: 'thing', version: '1.0' });

async function fillWith(text: string, folder: string): Promise<void> {
  await writeFile(join(folder, 'content'), text);
}

it('fills an entry once and finds it from then on', async () => {
  const folder = await fillCache(entry(), (partial) => fillWith('first', partial));
  const again = await fillCache(entry(), (partial) => fillWith('second', partial));
  expect(again).toBe(folder);
  expect(cachedFolder(entry())).toBe(folder);
  expect(await readFile(join(folder, 'content'), 'utf8')).toBe('first');
});

it('lets only one of several fill when they race', async () => {
  const fill = jest.fn((partial: string) => fillWith('content', partial));
  const folders = await Promise.all(Array.from({ length: 5 }, () => fillCache(entry(), fill)));
  expect(fill).toHaveBeenCalledTimes(1);
  expect(new Set(folders).size).toBe(1);
});

it('says once that it waits for another one', async () => {
  const onWaiting = jest.fn();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let begun = () => {};
  const filling = new Promise<void>((resolve) => (begun = resolve));
  const first = fillCache(entry(), () => {
    begun();
    return finished;
  });
  // Which of two that come together is the first is nobody's promise.
  await filling;
  const second = fillCache(entry(), () => Promise.reject(new Error('must not fill')), {
    onWaiting: () => {
      onWaiting();
      finish();
    },
  });
  await Promise.all([first, second]);
  expect(onWaiting).toHaveBeenCalledTimes(1);
});

it('leaves nothing behind when filling fails, and fills again', async () => {
  const interrupted = fillCache(entry(), async (partial) => {
    await fillWith('half', partial);
    throw new Error('interrupted');
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  expect(cachedFolder(entry())).toBeUndefined();
  expect(readdirSync(join(root(), 'thing'))).toEqual([]);

  const folder = await fillCache(entry(), (partial) => fillWith('whole', partial));
  expect(await readFile(join(folder, 'content'), 'utf8')).toBe('whole');
});

it('takes over from a process that was killed while it filled', async () => {
  const parent = join(root(), 'thing');
  const leftover = join(parent, '.partial-1.0-dead');
  mkdirSync(leftover, { recursive: true });
  writeFileSync(join(leftover, 'content'), 'half');
  mkdirSync(join(parent, '1.0.lock'));
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(parent, '1.0.lock'), longAgo, longAgo);

  const folder = await fillCache(entry(), (partial) => fillWith('whole', partial));
  expect(await readFile(join(folder, 'content'), 'utf8')).toBe('whole');
  expect(existsSync(leftover)).toBe(false);
});

it('keeps versions apart', async () => {
  await fillCache(entry(), (partial) => fillWith('old', partial));
  expect(cachedFolder({ ...entry(), version: '2.0' })).toBeUndefined();
});

it('gives up waiting when it is told to', async () => {
  mkdirSync(join(root(), 'thing', '1.0.lock'), { recursive: true });
  const controller = new AbortController();
  const waiting = fillCache(entry(), () => Promise.resolve(), {
    signal: controller.signal,
    onWaiting: () => controller.abort(),
  });
  await expect(waiting).rejects.toThrow('aborted');
});

it('is where the user wants caches to be', () => {
  expect(cacheDir({ HEADWAY_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheDir({ XDG_CACHE_HOME: '/b' })).toBe('/b/headway');
  expect(cacheDir({})).toMatch(/\.cache\/headway$/);
});
