import { isJob, type DemoRecord } from './demo-records';
import type { ResultsOfJob } from './tally';

export interface Outcome {
  /** By label. */
  sent: ReadonlyMap<string, DemoRecord>;
  results: ReadonlyMap<string, ResultsOfJob>;
  /** Labels. */
  deadLetters: ReadonlySet<string>;
}

export interface Verdict {
  ok: boolean;
  /** Ids of jobs without a result. */
  lost: string[];
  /** Ids with more than one record on the results topic, equal or not. */
  duplicated: string[];
  /** Ids with results that differ. */
  contradictory: string[];
  /** One sentence for each promise that was broken. */
  sentences: string[];
}

/** Whether every job has exactly one distinct result, and every record that is not a job is a dead letter. */
export function judge({ sent, results, deadLetters }: Outcome): Verdict {
  const entries = [...sent];
  const jobs = entries.flatMap(([label, record]) => (isJob(record) ? [{ label, id: record.jobId }] : []));
  const lost = jobs.filter(({ id }) => !results.has(id));
  const idsWhere = (test: (found: ResultsOfJob) => boolean) =>
    [...results].filter(([, found]) => test(found)).map(([id]) => id);
  const duplicated = idsWhere(({ copies }) => copies > 1);
  const contradictory = idsWhere(({ distinct }) => distinct.size > 1);
  const unreadable = idsWhere(({ result }) => result === undefined);
  const missing = entries.filter(([label, record]) => !isJob(record) && !deadLetters.has(label));
  const refused = jobs.filter(({ label }) => deadLetters.has(label));

  const sentences = [
    sentence(
      lost.map(({ id }) => id),
      'Lost, without any result',
    ),
    sentence(contradictory, 'Duplicated, with results that differ'),
    sentence(unreadable, 'A record on the results topic that is not a result'),
    sentence(
      refused.map(({ id }) => id),
      'A job by its schemas, but in the dead-letter topic',
    ),
    sentence(
      missing.map(([, { origin }]) => origin),
      'Not a job, but not in the dead-letter topic',
    ),
  ].filter((text) => text !== undefined);
  return { ok: sentences.length === 0, lost: lost.map(({ id }) => id), duplicated, contradictory, sentences };
}

const shownIds = 20;

function sentence(names: string[], what: string): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > shownIds ? ` and ${names.length - shownIds} more` : '';
  return `${what} (${names.length}): ${names.slice(0, shownIds).join(', ')}${more}.`;
}
