import type { Random } from './random';
import { slugOf, type Subject } from './subject';

export interface Page {
  url: string;
  title: string;
}

/** A page, and its URL as the model spells it. */
export interface Citation {
  page: Page;
  spelling: string;
}

/** The web pages a simulated answer rests on. */
export interface Sources {
  /** What the simulated search found. */
  pages: Page[];
  cite(): Citation;
  /** What was cited of these pages so far. */
  cited: Citation[];
}

// Reserved names (RFC 2606): nobody shall take a simulated citation for a page that exists.
const newsHosts = [
  'www.marketpost.example',
  'news.tradewire.example',
  'registry.example',
  'www.techdigest.example',
];

/**
 * Makes sources for a subject. They are untidy on purpose, as real citations are: tracking parameters,
 * upper-case hosts, trailing slashes, the same page twice, and some URLs that no search found.
 * @param allowedDomains when given, every URL is on one of them
 */
export function createSources(
  subject: Subject,
  allowedDomains: string[] | undefined,
  random: Random,
): Sources {
  const hosts = allowedDomains?.length
    ? allowedDomains
    : [`www.${subject.domain}`, `www.${subject.domain}`, ...newsHosts];
  const pages = findPages(subject, hosts, random);
  const cited: Citation[] = [];

  function cite(): Citation {
    const roll = random.next();
    if (roll < 0.09) return inventedPage(subject, random.pick(hosts), random);
    const page = random.pick(pages);
    const citation = { page, spelling: roll < 0.4 ? respell(page.url, random) : page.url };
    cited.push(citation);
    return citation;
  }

  return { pages, cite, cited };
}

function findPages(subject: Subject, hosts: string[], random: Random): Page[] {
  const slug = slugOf(subject.company);
  const year = random.integer(2021, 2025);
  const own = ['about', 'newsroom', `newsroom/${year}-results`, 'leadership', 'products', 'customers'];
  const others = [
    `companies/${slug}`,
    `${year}/${random.integer(1, 12)}/${slug}-profile`,
    `reports/${slug}-${year}`,
  ];
  const isOwn = (host: string) => host.endsWith(subject.domain);
  const pages = new Map<string, Page>();
  for (let left = random.integer(4, 7); left > 0; left--) {
    const host = random.pick(hosts);
    const path = random.pick(isOwn(host) ? own : others);
    // The real API marks the pages it cites so.
    const query = random.chance(0.25) ? '?utm_source=openai' : '';
    const key = `${host}/${path}`;
    if (!pages.has(key))
      pages.set(key, { url: `https://${key}${query}`, title: titleOf(subject, host, path) });
  }
  return [...pages.values()];
}

function titleOf(subject: Subject, host: string, path: string): string {
  const topic = path.split('/').pop()!.replace(/-/g, ' ');
  return host.endsWith(subject.domain) ? `${subject.company} | ${topic}` : `${subject.company} - ${host}`;
}

/** The same page, spelled differently. */
function respell(url: string, random: Random): string {
  const [base = '', query] = url.split('?');
  const tail = query ? `?${query}` : '';
  switch (random.integer(0, 3)) {
    case 0:
      return `${base}${tail ? `${tail}&` : '?'}utm_medium=referral&utm_campaign=brief`;
    case 1:
      return (
        base.replace(/^https:\/\/[^/]+/, (origin) => origin.replace(/[^/]+$/, (host) => host.toUpperCase())) +
        tail
      );
    case 2:
      return `${base}/${tail}`;
    default:
      return `${base}${tail}#${random.pick(['overview', 'facts', 'top'])}`;
  }
}

/** A page the model made up: no search found it, no annotation names it. */
function inventedPage(subject: Subject, host: string, random: Random): Citation {
  const path = `archive/${random.integer(2010, 2020)}/${slugOf(subject.company)}-${random.integer(100, 999)}`;
  const url = `https://${host}/${path}`;
  return { page: { url, title: titleOf(subject, host, path) }, spelling: url };
}
