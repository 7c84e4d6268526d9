import { enrich } from '../../../pipelines/company-brief/enrich';
import { systemPrompt } from '../../../pipelines/company-brief/system-prompt';
import type { Database } from '../../../pipelines/define-pipeline';
import { startTestDatabase, type TestDatabase } from './pglite';

let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
  await database.exec(`
    insert into companies (domain, name, industry, country, employees, founded, account_tier, account_owner) values
      ('ondavolt.example', 'Ondavolt Energy', 'Renewable energy', 'ES', 780, 2006, 'gold', 'Inès Carpentier'),
      ('quiet.example', 'Quiet Ltd', 'Printing', 'GB', 4, 1999, 'bronze', 'Saoirse Keane');
    insert into company_notes (id, domain, noted_at, author, note) values
      (1, 'ondavolt.example', '2025-03-01', 'A', 'oldest'), (2, 'ondavolt.example', '2025-07-01', 'A', 'second of the day, first written'),
      (3, 'ondavolt.example', '2025-07-01', 'B', 'second of the day, last written'), (4, 'ondavolt.example', '2025-12-31', 'C', 'newest'),
      (5, 'ondavolt.example', '2025-05-01', 'A', 'fourth'), (6, 'ondavolt.example', '2025-04-01', 'A', repeat('long ', 1000));
    insert into company_metrics (domain, year, revenue_eur, headcount) values
      ('ondavolt.example', 2021, 1, 1), ('ondavolt.example', 2024, 9123456789, 780),
      ('ondavolt.example', 2022, 2, 2), ('ondavolt.example', 2023, 3, 3);`);
}, 60_000);

afterAll(() => database.close());

function enriched(domain: string) {
  return enrich({ company: 'As the sender spells it', domain, question: 'Who owns it?' }, { database });
}

describe('enrich', () => {
  it('reads the company with its five newest notes and three newest years, newest first', async () => {
    const { internalData } = await enriched('ondavolt.example');
    expect(internalData).toEqual({
      name: 'Ondavolt Energy',
      industry: 'Renewable energy',
      country: 'ES',
      employees: 780,
      founded: 2006,
      accountTier: 'gold',
      accountOwner: 'Inès Carpentier',
      notes: [
        { date: '2025-12-31', author: 'C', note: 'newest' },
        { date: '2025-07-01', author: 'B', note: 'second of the day, last written' },
        { date: '2025-07-01', author: 'A', note: 'second of the day, first written' },
        { date: '2025-05-01', author: 'A', note: 'fourth' },
        { date: '2025-04-01', author: 'A', note: 'long '.repeat(200) },
      ],
      metrics: [
        { year: 2024, revenueEur: 9_123_456_789, headcount: 780 },
        { year: 2023, revenueEur: 3, headcount: 3 },
        { year: 2022, revenueEur: 2, headcount: 2 },
      ],
    });
  });

  it('makes one query', async () => {
    const query = jest.spyOn(database, 'query');
    await enriched('ondavolt.example');
    expect(query).toHaveBeenCalledTimes(1);
  });

  it('returns plain JSON, which survives the history unchanged', async () => {
    const enrichment = await enriched('ondavolt.example');
    expect(JSON.parse(JSON.stringify(enrichment))).toEqual(enrichment);
  });

  it('takes the domain in any case', async () => {
    expect((await enriched('OndaVolt.Example')).internalData?.name).toBe('Ondavolt Energy');
  });

  it('gives empty lists for a company without notes and figures', async () => {
    expect((await enriched('quiet.example')).internalData).toMatchObject({
      name: 'Quiet Ltd',
      notes: [],
      metrics: [],
    });
  });

  it('takes an unknown company for one without internal data', async () => {
    expect(await enriched('unknown.example')).toEqual({
      internalData: null,
      promptVersion: systemPrompt.version,
    });
  });

  it('passes on the error of the database, so that it is tried again', async () => {
    const away: Database = { query: () => Promise.reject(new Error('connection refused')) };
    await expect(
      enrich({ company: 'x', domain: 'x.example', question: 'y' }, { database: away }),
    ).rejects.toThrow('connection refused');
  });
});
