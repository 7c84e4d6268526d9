import { join } from 'node:path';
import { startPostgresEngine } from '../../../../bench/headway/engines/postgres';
import { NotRunnable } from '../../../../bench/contenders/contender';
import { findPostgres, postgresBinaries } from '../../../../bench/contenders/postgres';
import { temporaryFolder } from '../../../stack/temporary-folder';

jest.mock('../../../../bench/contenders/postgres', () => ({
  ...jest.requireActual<object>('../../../../bench/contenders/postgres'),
  findPostgres: jest.fn(),
}));

const folder = temporaryFolder();

it('says what to install where there is no PostgreSQL, before it builds anything', async () => {
  const empty = join(folder(), 'empty');
  jest.mocked(findPostgres).mockImplementation(() => {
    postgresBinaries({ PATH: empty }, empty);
    throw new Error('found one in an empty folder');
  });
  const onProgress = jest.fn();
  const starting = startPostgresEngine({
    dataDir: folder(),
    env: { HEADWAY_CACHE_DIR: join(folder(), 'cache') },
    onProgress,
    log: () => {},
  });
  await expect(starting).rejects.toMatchObject({
    code: 'HW_PREREQUISITE_MISSING',
    message: 'The engine postgres cannot run: No initdb of PostgreSQL was found: apt-get install postgresql.',
    cause: expect.any(NotRunnable) as Error,
  });
  expect(onProgress).not.toHaveBeenCalled();
});
