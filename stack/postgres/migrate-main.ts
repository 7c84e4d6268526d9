import { HeadwayError } from '../../contracts/errors';
import { runMain } from '../../runtime/run-main';
import { migrate } from './migrate';

/** Prepares the database at DATABASE_URL for the example pipeline, for one that the stack did not start. */
void runMain('migrate', async () => {
  const url = process.env.DATABASE_URL;
  if (!url)
    throw new HeadwayError('HW_CONFIG_INVALID', 'DATABASE_URL must be the address of a PostgreSQL database.');
  await migrate(url);
  console.log('The database is up to date.');
});
