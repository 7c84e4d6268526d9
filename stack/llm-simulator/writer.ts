import * as phrases from './phrases';
import type { Random } from './random';
import type { Subject } from './subject';

/** Writes plausible English about one subject; every sentence of a writer differs until its material runs out. */
export interface Writer {
  /** One statement of fact. */
  fact: () => string;
  /** Two to four sentences that name the company. */
  summary: () => string;
  /** A heading without a full stop. */
  title: () => string;
  refusal: () => string;
  /** Text that suits a property of this name, such as `ceo`, `city` or `statement`. */
  forProperty: (name: string) => string;
}

export function createWriter(subject: Subject, random: Random): Writer {
  // One product, home town and founder for the whole answer, or it would contradict itself.
  const home = { product: random.pick(phrases.products), city: random.pick(phrases.cities) };
  let facts: string[] = [];

  function fill(template: string): string {
    const text = template.replace(/\{(\w+)\}/g, (_, slot: string) => value(slot));
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  function value(slot: string): string {
    switch (slot) {
      case 'company':
        return subject.company;
      case 'product':
        return home.product;
      case 'city':
        return home.city;
      case 'country':
        return random.pick(phrases.countries);
      case 'person':
        return random.pick(phrases.people);
      case 'month':
        return random.pick(phrases.months);
      case 'year':
        return String(random.integer(2015, 2025));
      case 'percent':
        return `${random.integer(4, 68)} %`;
      case 'amount':
        return `${random.pick(['EUR', 'USD'])} ${random.integer(8, 640)} million`;
      default:
        return String(random.integer(2, 40) * 10);
    }
  }

  function fact(): string {
    if (facts.length === 0) facts = orderedFacts(subject.question, random);
    return fill(facts.shift()!);
  }

  function summary(): string {
    const middle = Array.from({ length: random.integer(0, 2) }, fact);
    return [
      fill(random.pick(phrases.summaryOpenings)),
      ...middle,
      fill(random.pick(phrases.summaryClosings)),
    ].join(' ');
  }

  const title = () => `${subject.company}: ${random.pick(['profile', 'overview', 'news', 'company report'])}`;

  const suitable: [RegExp, () => string][] = [
    [/summary|abstract|overview|brief|answer|body|content|analysis/i, summary],
    [/^(company|organi[sz]ation|business)(_?name)?$|^name$/i, () => subject.company],
    [/title|headline|heading/i, title],
    [/domain|host/i, () => subject.domain],
    [/ceo|founder|person|author|contact|owner|head/i, () => random.pick(phrases.people)],
    [/city|headquarter|location|office/i, () => home.city],
    [/country|region|market/i, () => random.pick(phrases.countries)],
    [/industry|sector|category|topic/i, () => random.pick(phrases.industries)],
    [/product|service/i, () => home.product],
    [/currency/i, () => random.pick(['EUR', 'USD', 'CHF', 'GBP'])],
    [/year/i, () => value('year')],
    [/month/i, () => value('month')],
    [/(^|_)(id|key|code|ref)$|Id$/i, () => `${random.pick(['A', 'B', 'C'])}${random.integer(1000, 9999)}`],
  ];

  return {
    fact,
    summary,
    title,
    refusal: () => random.pick(phrases.refusals),
    forProperty: (name) => (suitable.find(([pattern]) => pattern.test(name))?.[1] ?? fact)(),
  };
}

/** Facts of the topics that the question asks for, then the others. */
function orderedFacts(question: string, random: Random): string[] {
  const topics = Object.values(phrases.factsByTopic);
  const asked = topics.filter((topic) => topic.keywords.test(question));
  const others = topics.filter((topic) => !asked.includes(topic));
  return [asked, others].flatMap((group) => random.shuffle(group.flatMap((topic) => topic.facts)));
}
