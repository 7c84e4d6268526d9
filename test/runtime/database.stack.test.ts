import { createDatabase } from '../../runtime/database';
import { readLocalStack } from '../../runtime/local-stack';

const database = createDatabase({ url: readLocalStack()?.databaseUrl ?? '' });

afterAll(() => database.close());

/** All places of the pool. */
const occupy = () => Array.from({ length: 10 }, () => database.query('select pg_sleep(0.1)'));

test('a query nobody waits for any more is not sent', async () => {
  await database.query('create sequence if not exists withdrawn');
  const busy = occupy();
  const abort = new AbortController();
  const queries = Array.from({ length: 20 }, () =>
    database.query(`select nextval('withdrawn')`, [], abort.signal),
  );
  const ended = Promise.allSettled(queries);
  abort.abort();
  expect((await ended).map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
  await Promise.all(busy);
  expect(await database.query('select is_called from withdrawn')).toEqual([{ is_called: false }]);
  await database.query('drop sequence withdrawn');
});

test('a query that fails leaves the pool as large as it was', async () => {
  for (let times = 0; times < 12; times++) {
    await expect(database.query('select no_such_column')).rejects.toThrow('no_such_column');
  }
  await Promise.all(occupy());
});

test('a query of another tenant is sent before most of a flood that waits for a connection', async () => {
  const order: string[] = [];
  const ask = (fairnessKey: string) =>
    database
      .inTurn({ priorityKey: 3, fairnessKey })
      .query('select pg_sleep(0.01)')
      .then(() => order.push(fairnessKey));
  await Promise.all([...Array.from({ length: 50 }, () => ask('flood')), ask('single')]);
  expect(order.indexOf('single')).toBeLessThan(25);
});
