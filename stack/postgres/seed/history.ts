import { createHash } from 'node:crypto';
import { phrases } from './phrases';

/** One line of companies.json. */
export interface Company {
  name: string;
  domain: string;
  industry: string;
  country: string;
  employees: number;
  founded: number;
  accountTier: string;
  accountOwner: string;
}

export interface CompanyNote {
  id: number;
  domain: string;
  notedAt: string;
  author: string;
  note: string;
}

export interface CompanyMetric {
  domain: string;
  year: number;
  revenueEur: number;
  headcount: number;
}

const years = [2021, 2022, 2023, 2024, 2025];
const notesPerCompany = 4;

/** The notes an account manager could have written about a company: always the same ones for the same company. */
export function notesOf(company: Company, index: number): CompanyNote[] {
  const random = randomFor(company.domain + '/notes');
  const upTo = (count: number) => Math.floor(random() * count);
  const situations = shuffled(phrases.situation, random);
  const details = shuffled(phrases.detail, random);
  const nextSteps = shuffled(phrases.nextStep, random);
  return Array.from({ length: notesPerCompany }, (_, number) => {
    const notedAt = new Date(Date.UTC(2025, 3 * number + upTo(3), 1 + upTo(28)));
    const soon = new Date(Date.UTC(2025, notedAt.getUTCMonth() + 1 + upTo(3), 1));
    const note = [situations[number], details[number], nextSteps[number]]
      .join(' ')
      .replaceAll('{name}', company.name)
      .replaceAll('{industry}', company.industry.toLowerCase())
      .replaceAll('{percent}', String(4 + upTo(18)))
      .replaceAll('{thousand}', String(20 + 5 * upTo(60)))
      .replaceAll('{seats}', String(10 * (2 + upTo(20))))
      .replaceAll('{month}', soon.toLocaleString('en', { month: 'long', timeZone: 'UTC' }));
    return {
      id: index * notesPerCompany + number + 1,
      domain: company.domain,
      notedAt: notedAt.toISOString().slice(0, 10),
      author: company.accountOwner,
      note,
    };
  });
}

/** Revenue and head count of five years that end at what companies.json says: always the same for the same company. */
export function metricsOf(company: Company): CompanyMetric[] {
  const random = randomFor(company.domain + '/metrics');
  let headcount = company.employees;
  let revenuePerHead = 90_000 + random() * 210_000;
  const metrics = years.toReversed().map((year) => {
    const metric = {
      domain: company.domain,
      year,
      revenueEur: Math.round((headcount * revenuePerHead) / 10_000) * 10_000,
      headcount,
    };
    headcount = Math.max(5, Math.round(headcount / (0.96 + random() * 0.16)));
    revenuePerHead /= 0.98 + random() * 0.09;
    return metric;
  });
  return metrics.toReversed();
}

function shuffled(items: readonly string[], random: () => number): string[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0] ?? '');
}

/** Numbers in [0, 1) that depend on nothing but the text. */
function randomFor(text: string): () => number {
  let counter = 0;
  return () => {
    const digest = createHash('sha256').update(`${text}/${counter++}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}
