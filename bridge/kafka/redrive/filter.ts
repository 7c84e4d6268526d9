import { pipelineOf, type DeadLetterRecord } from './dead-letter';

export interface LetterSelection {
  /** Any of these error codes; all when empty. */
  codes: readonly string[];
  /** Dead-lettered at this time or later, and before that one. Milliseconds since 1970. */
  since?: number;
  until?: number;
  /** A letter whose value does not say a pipeline has none of them. All when empty. */
  pipelines: readonly string[];
}

export type LetterFilter = (letter: DeadLetterRecord) => boolean;

export function createLetterFilter({ codes, since, until, pipelines }: LetterSelection): LetterFilter {
  return (letter) => {
    if (codes.length > 0 && !codes.includes(letter.code)) return false;
    if (since !== undefined && letter.timestamp < since) return false;
    if (until !== undefined && letter.timestamp >= until) return false;
    if (pipelines.length === 0) return true;
    const pipeline = pipelineOf(letter);
    return pipeline !== undefined && pipelines.includes(pipeline);
  };
}
