import type { JobResult } from '../contracts/job-result';

const textMax = 140;
const itemsMax = 1;

/** A result as JSON, with long texts and lists cut short, for a first impression. */
export function showResult({ id, status, output, usage, timings }: JobResult): string {
  const { llmMs, totalMs } = timings;
  return JSON.stringify(shorten({ id, status, output, usage, timings: { llmMs, totalMs } }), null, 2);
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > textMax ? `${value.slice(0, textMax).trimEnd()} …` : value;
  if (Array.isArray(value)) {
    const more = value.length - itemsMax;
    const shown = value.slice(0, itemsMax).map(shorten);
    return more > 0 ? [...shown, `… ${more} more`] : shown;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
}
