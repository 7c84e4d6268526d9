import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { projectRoot } from '../../../runtime/project-root';
import { type Company, type CompanyMetric, metricsOf, type CompanyNote, notesOf } from './history';

/** Puts the example companies, their notes and their figures into the database. Harmless to repeat; rows of other companies stay. */
export async function seed(client: Client): Promise<void> {
  const companies = readCompanies();
  const notes = companies.flatMap((company, index) => notesOf(company, index));
  const metrics = companies.flatMap(metricsOf);
  await client.query('begin');
  try {
    await insertCompanies(client, companies);
    await insertNotes(client, notes);
    await insertMetrics(client, metrics);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** The example companies, all of them invented. */
export function readCompanies(): Company[] {
  const file = join(projectRoot(), 'stack', 'postgres', 'seed', 'companies.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Company[];
}

async function insertCompanies(client: Client, companies: readonly Company[]): Promise<void> {
  await client.query(
    `insert into companies (domain, name, industry, country, employees, founded, account_tier, account_owner)
     select domain, name, industry, country, employees, founded, "accountTier", "accountOwner"
     from jsonb_to_recordset($1::jsonb) as row (domain text, name text, industry text, country text,
       employees integer, founded smallint, "accountTier" text, "accountOwner" text)
     on conflict (domain) do nothing`,
    [JSON.stringify(companies)],
  );
}

async function insertNotes(client: Client, notes: readonly CompanyNote[]): Promise<void> {
  await client.query(
    `insert into company_notes (id, domain, noted_at, author, note)
     select id, domain, "notedAt", author, note
     from jsonb_to_recordset($1::jsonb) as row (id bigint, domain text, "notedAt" date, author text, note text)
     on conflict (id) do nothing`,
    [JSON.stringify(notes)],
  );
}

async function insertMetrics(client: Client, metrics: readonly CompanyMetric[]): Promise<void> {
  await client.query(
    `insert into company_metrics (domain, year, revenue_eur, headcount)
     select domain, year, "revenueEur", headcount
     from jsonb_to_recordset($1::jsonb) as row (domain text, year smallint, "revenueEur" bigint, headcount integer)
     on conflict (domain, year) do nothing`,
    [JSON.stringify(metrics)],
  );
}
