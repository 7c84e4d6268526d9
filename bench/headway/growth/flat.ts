import { rounded } from '../spread';

/** What single rounds of one thing differ by on a machine that does nothing else. */
const NOISE = 0.15;

/** A sentence: whether something stayed the same while something else grew. */
export function flatLine(what: string, before: number, after: number): string {
  const ratio = after / before;
  if (Number.isNaN(ratio)) return `- ${what}: not measured on both sides.`;
  const flat = Math.abs(ratio - 1) <= NOISE;
  return `- ${what}: ${flat ? 'flat' : 'not flat'} (${rounded(ratio, 2)} times).`;
}
