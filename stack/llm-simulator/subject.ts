/** What a call is about, as far as its text tells. */
export interface Subject {
  company: string;
  /** Host name of the company, without `www.`. */
  domain: string;
  question: string;
}

const companyPatterns = [
  /"company(?:_?name)?"\s*:\s*"((?:[^"\\]|\\.)+)"/i,
  /^\W*(?:company|organi[sz]ation|business)(?: name)?\W*[:=]\s*([^\n;]+)/im,
  /\b(?:company|organi[sz]ation|business) (?:called|named) ["“']?([\p{Lu}\d][^\n"”',;.]*)/iu,
  /\b(?:about|of|on|for|is|does|has|did) (\p{Lu}[\p{L}\d&'-]*(?: [\p{Lu}&][\p{L}\d&'-]*){0,3})/u,
];
const domainPatterns = [
  /"domain"\s*:\s*"([^"]+)"/i,
  /^\W*(?:domain|website|site|homepage)\W*[:=]\s*(\S+)/im,
  /\b((?:[a-z0-9-]+\.)+(?:com|org|net|io|ai|dev|co|eu|de|fr|uk|ch|at|nl|example|test))\b/i,
];
const questionPatterns = [
  /"question"\s*:\s*"((?:[^"\\]|\\.)+)"/i,
  /^\W*(?:question|task)\W*[:=]\s*([^\n]+)/im,
  /([A-Z][^.?!\n]*\?)/,
];

/** Reads the subject from the prompt. Nothing found gives a neutral subject, never an error. */
export function readSubject(text: string): Subject {
  const company = clean(firstMatch(companyPatterns, text) ?? '').slice(0, 80) || 'the company';
  const slug = slugOf(company);
  const host = (firstMatch(domainPatterns, text) ?? '').toLowerCase();
  return {
    company: copyOf(company),
    domain: copyOf(hostOf(host) ?? `${slug}.example`),
    question: copyOf(clean(firstMatch(questionPatterns, text) ?? text.slice(-200)).slice(0, 200)),
  };
}

/** `Blue Harbor Logistics, Inc.` becomes `blue-harbor-logistics-inc`. */
export function slugOf(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'company';
}

/** A piece of a string keeps the whole string in memory (V8); a subject is kept for long, its prompt must not be. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

function firstMatch(patterns: RegExp[], text: string): string | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[1];
    if (found?.trim()) return found;
  }
  return undefined;
}

function clean(text: string): string {
  const unescaped = text.replace(/\\(?:u([0-9a-f]{4})|(.))/gi, (_, code?: string, letter?: string) =>
    code ? String.fromCharCode(parseInt(code, 16)) : /[nrt]/.test(letter ?? '') ? ' ' : (letter ?? ''),
  );
  return unescaped
    .replace(/\s+/g, ' ')
    .replace(/^["'“*`\s]+|["'”*`,\s]+$/g, '')
    .trim();
}

function hostOf(text: string): string | undefined {
  const host = text
    .replace(/^[a-z]+:\/\//, '')
    .replace(/^www\./, '')
    .replace(/[/?#"',;)].*$/, '');
  return /^(?:[a-z0-9-]+\.)+[a-z]{2,}$/.test(host) ? host : undefined;
}
