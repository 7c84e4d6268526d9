/** What a model without web search can take out of its prompt, in the order of the text. Small: it is kept as long as the call. */
export interface Findings {
  /** YYYY-MM-DD */
  dates: string[];
  amounts: { amount: number; currency: string }[];
  /** Of organisations and people, by their look. */
  names: string[];
  /** First sentences. */
  opening: string;
  /** Values of enums that the text mentions, most often mentioned first. */
  mentioned: string[];
}

const most = 8;
const months = 'january february march april may june july august september october november december'.split(
  ' ',
);
const monthNames: Record<string, number> = {
  ...Object.fromEntries(months.map((name, index) => [name.slice(0, 3), index + 1])),
  ...{ mär: 3, mai: 5, okt: 10, dez: 12, fév: 2, avr: 4, aoû: 8, déc: 12, ene: 1, abr: 4, ago: 8, dic: 12 },
};

/**
 * @param enumValues what the answer may have to choose from
 * @returns undefined when there is no text to speak of, only short fields
 */
export function findInText(prompt: string, enumValues: readonly string[]): Findings | undefined {
  const text = longestText(prompt);
  if (text === undefined) return undefined;
  return {
    dates: distinct(datesOf(text)),
    amounts: amountsOf(text),
    names: distinct(namesOf(text)),
    opening: copyOf(/^[\s\S]{60,280}?[.!?](?=\s|$)/.exec(text)?.[0] ?? text.slice(0, 200)).replace(
      /\s+/g,
      ' ',
    ),
    mentioned: mentionedOf(text, enumValues),
  };
}

/** The longest text of the JSON that the prompt holds, if it is long; without JSON, all of it. */
function longestText(prompt: string): string | undefined {
  const strings = prompt.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  const longest = strings.reduce((best, one) => (one.length > best.length ? one : best), '');
  if (strings.length === 0) return prompt;
  if (longest.length < 60) return undefined;
  try {
    return JSON.parse(longest) as string;
  } catch {
    return prompt;
  }
}

function datesOf(text: string): string[] {
  const dates: { at: number; date: string }[] = [];
  const add = (at: number, year: string, month: number | undefined, day: string) => {
    const date = `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`;
    if (month !== undefined && !Number.isNaN(Date.parse(date))) dates.push({ at, date });
  };
  for (const found of text.matchAll(/\b(\d{4})-(\d{2})-(\d{2})\b/g))
    add(found.index, found[1]!, Number(found[2]), found[3]!);
  for (const found of text.matchAll(/\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b/g))
    add(found.index, found[3]!, Number(found[2]), found[1]!);
  for (const found of text.matchAll(
    /\b(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:de\s+)?(\p{L}{3})\p{L}*\.?,?\s+(?:de\s+)?(\d{4})\b/gu,
  ))
    add(found.index, found[3]!, monthNames[found[2]!.toLowerCase()], found[1]!);
  return dates.sort((a, b) => a.at - b.at).map(({ date }) => date);
}

const currencies: Record<string, string> = { '€': 'EUR', $: 'USD', '£': 'GBP' };
const number = String.raw`(\d{1,3}(?:[.,'’ ]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?)`;
const amountPattern = new RegExp(
  `(?:(EUR|USD|GBP|CHF|PLN|SEK|[€$£])\\s?${number}|${number}\\s?(EUR|USD|GBP|CHF|PLN|SEK|[€$£]))(?![\\d])`,
  'g',
);

function amountsOf(text: string): Findings['amounts'] {
  const found = [...text.matchAll(amountPattern)].map(([, before, first, second, after]) => {
    const [, whole = '', decimals = ''] = /^(.*?)(?:[.,](\d{1,2}))?$/.exec((first ?? second)!) ?? [];
    const sign = (before ?? after)!;
    const amount = Number(`${whole.replace(/\D/g, '')}.${decimals || '0'}`);
    return { amount, currency: currencies[sign] ?? sign };
  });
  return found.slice(0, most);
}

const company =
  /(?:\p{Lu}[\p{L}&'’-]* ){1,4}(?:GmbH|AG|Ltd|Inc|LLC|plc|S\.A\.|SARL|S\.L\.|B\.V\.|KG|AB|Sp\. z o\.o\.)/gu;
const person = /(?:\b(?:Mr|Ms|Mrs|Dr|Herr|Frau|Mme|Sra?)\.? )\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+)?/gu;
const signature = /^(\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’.-]*){1,2})$/gmu;

function namesOf(text: string): string[] {
  return [company, person, signature]
    .flatMap((pattern) => text.match(pattern) ?? [])
    .map((name) => name.trim());
}

function mentionedOf(text: string, values: readonly string[]): string[] {
  const lower = text.toLowerCase();
  const counts = values.map((value) => ({ value, count: lower.split(value.toLowerCase()).length - 1 }));
  const language = languageOf(lower);
  return [
    ...(values.includes(language) ? [language] : []),
    ...counts
      .filter(({ value, count }) => count > 0 && value.length > 3)
      .sort((a, b) => b.count - a.count)
      .map(({ value }) => value),
  ];
}

const frequentWords: Record<string, RegExp> = {
  en: /\b(the|and|of|to|for|is|we|you)\b/g,
  de: /\b(der|die|das|und|wir|ist|für|nicht|sie)\b/g,
  fr: /\b(le|les|des|et|nous|vous|est|pour|une)\b/g,
  es: /\b(el|los|que|y|de la|por|una|para|su)\b/g,
  it: /\b(il|che|di|per|una|sono|della|con)\b/g,
  nl: /\b(het|een|van|wij|niet|voor|en|uw)\b/g,
};

function languageOf(lower: string): string {
  const counts = Object.entries(frequentWords).map(([code, words]) => ({
    code,
    count: lower.match(words)?.length ?? 0,
  }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).code;
}

function distinct(values: string[]): string[] {
  return [...new Set(values)].slice(0, most).map(copyOf);
}

/** A piece of a string keeps the whole string in memory (V8). */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
