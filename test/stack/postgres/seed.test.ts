import { metricsOf, notesOf } from '../../../stack/postgres/seed/history';
import { readCompanies } from '../../../stack/postgres/seed/seed';

const companies = readCompanies();

it('has sixty companies at domains that can never exist', () => {
  expect(new Set(companies.map(({ domain }) => domain)).size).toBe(60);
  expect(companies.every(({ domain }) => /^[a-z-]+\.example$/.test(domain))).toBe(true);
});

it('makes the same notes and figures every time, with no placeholder left in them', () => {
  const history = () => companies.map((company, index) => [notesOf(company, index), metricsOf(company)]);
  expect(history()).toEqual(history());
  expect(JSON.stringify(history())).not.toMatch(/\{\w+\}|undefined|NaN/);
});

it('ends the figures at the head count of today', () => {
  for (const company of companies) expect(metricsOf(company).at(-1)?.headcount).toBe(company.employees);
});
