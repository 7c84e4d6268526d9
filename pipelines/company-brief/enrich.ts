import type { EnrichContext } from '../define-pipeline';
import type { CompanyBriefRequest } from './schemas';
import { systemPrompt } from './system-prompt';

/** What is known about a company inside the house. */
export type InternalData = {
  name: string;
  industry: string;
  country: string;
  employees: number;
  founded: number;
  accountTier: string;
  accountOwner: string;
  /** Newest first; `date` is `YYYY-MM-DD`. */
  notes: { date: string; author: string; note: string }[];
  /** Newest first. */
  metrics: { year: number; revenueEur: number; headcount: number }[];
};

export interface CompanyBriefEnrichment {
  /** Absent from the database: null. */
  internalData: InternalData | null;
  /** Kept here, so that an output made after a deployment still names the prompt the model saw. */
  promptVersion: number;
}

/** One query a job. The lists are made by the server as JSON, so that dates and bigints look the same with every driver. */
const internalDataQuery = `
  select c.name, c.industry, c.country, c.employees, c.founded,
         c.account_tier as "accountTier", c.account_owner as "accountOwner",
         coalesce((
           select json_agg(n) from (
             select noted_at as date, author, left(note, 1000) as note
               from company_notes where domain = c.domain
              order by noted_at desc, id desc limit 5
           ) n), '[]') as notes,
         coalesce((
           select json_agg(m) from (
             select year, revenue_eur as "revenueEur", headcount
               from company_metrics where domain = c.domain
              order by year desc limit 3
           ) m), '[]') as metrics
    from companies c
   where c.domain = $1`;

/** Reads the internal data of the company. An unknown company is no error: its brief rests on the web alone. */
export async function enrich(
  { domain }: CompanyBriefRequest,
  { database }: Pick<EnrichContext, 'database'>,
): Promise<CompanyBriefEnrichment> {
  const [internalData] = await database.query<InternalData>(internalDataQuery, [domain.toLowerCase()]);
  return { internalData: internalData ?? null, promptVersion: systemPrompt.version };
}
