import type { PostProcessContext } from '../define-pipeline';
import { route, type Route } from './route';
import type { DocumentTriageRequest, DocumentTriageResponse } from './schemas';
import { amountStandsIn, dateStandsIn, nameStandsIn } from './stands-in';

export interface DocumentTriage extends Pick<
  DocumentTriageResponse,
  'type' | 'language' | 'summary' | 'parties' | 'dates' | 'amounts' | 'confidence'
> {
  route: Route;
  /** First day that something is due, YYYY-MM-DD; null when there is none. */
  dueOn: string | null;
  /** What the model named although it does not stand in the document. It is in none of the lists. */
  unsupported: string[];
}

/** Keeps of the answer what stands in the document, and sends the document on its way. */
export function postProcess(
  answer: DocumentTriageResponse,
  { input }: Pick<PostProcessContext<DocumentTriageRequest, null>, 'input'>,
): DocumentTriage {
  const text = [input.title, input.from, input.receivedOn, input.text].filter(Boolean).join('\n');
  const parties = split(answer.parties, ({ name }) => nameStandsIn(name, text));
  const dates = split(answer.dates, ({ date }) => dateStandsIn(date, text));
  const amounts = split(answer.amounts, ({ amount }) => amountStandsIn(amount, text));
  const unsupported = [
    ...parties.others.map(({ name }) => name),
    ...dates.others.map(({ date }) => date),
    ...amounts.others.map(({ amount, currency }) => `${amount} ${currency}`),
  ];

  const [dueOn = null] = dates.found
    .filter(({ meaning }) => meaning === 'due')
    .map(({ date }) => date)
    .sort();
  const { type, language, urgency, confidence } = answer;
  return {
    type,
    route: route({
      type,
      urgency,
      confidence,
      largestAmount: Math.max(0, ...amounts.found.map(({ amount }) => amount)),
      dueInDays: dueOn && input.receivedOn ? daysBetween(input.receivedOn, dueOn) : undefined,
      unsupported: unsupported.length > 0,
    }),
    language,
    summary: answer.summary.trim(),
    parties: parties.found,
    dates: dates.found,
    amounts: amounts.found.map((found) => ({ ...found, currency: found.currency.toUpperCase() })),
    dueOn,
    confidence,
    unsupported,
  };
}

function split<T>(items: T[], stands: (item: T) => boolean): { found: T[]; others: T[] } {
  const found = items.filter(stands);
  return { found, others: items.filter((item) => !found.includes(item)) };
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}
