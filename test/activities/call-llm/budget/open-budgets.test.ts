import { openBudgets } from '../../../../activities/call-llm/budget/open-budgets';
import { startTestDatabase, type TestDatabase } from '../../../pipelines/company-brief/pglite';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
}, 60_000);
afterAll(() => database.close());

const call = { used: 1, most: 1 };
const round = () => ({ waitUntil: Date.now() + 60_000 });

test.each([
  ['a column', 'alter table headway_llm_budgets drop column tokens_used'],
  ['a table', 'drop table headway_llm_budgets'],
])(
  'a database that lacks %s is told of once, with what to do, also where no limit is known',
  async (_, sql) => {
    await database.query(sql);
    const warn = jest.fn();
    const budgets = openBudgets({ llm: { limits: {} }, database, logger: { warn } });
    for (const model of ['a', 'b'])
      expect(await budgets.of(model).take(call, { round: round() })).toMatchObject({ kind: 'taken' });
    await budgets.close();
    expect(warn.mock.calls).toEqual([
      [
        { reason: expect.stringContaining('does not exist') as string },
        expect.stringMatching(/run stack\/postgres\/migrations\/.*006_llm_token_counts\.sql/),
      ],
    ]);
  },
);

test('a database that does not answer is no trouble while no limit is known', async () => {
  const warn = jest.fn();
  const away = { query: () => Promise.reject(new Error('away')) };
  const budgets = openBudgets({ llm: { limits: {} }, database: away, logger: { warn } });
  expect(await budgets.of('a').take(call, { round: round() })).toMatchObject({ kind: 'taken' });
  await budgets.close();
  expect(warn).not.toHaveBeenCalled();
});
