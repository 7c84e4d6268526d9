import { median } from '../compare/report/summary';

/** The median with the lowest and the highest, as cells of the tables have it: `12 (11-14)`. A dash for nothing. */
export function spread(values: readonly number[], digits = 0): string {
  const middle = median([...values]);
  if (middle === undefined) return '-';
  const [text, lowest, highest] = [middle, Math.min(...values), Math.max(...values)].map((value) =>
    rounded(value, digits),
  );
  return lowest === highest ? String(text) : `${text} (${lowest}-${highest})`;
}

/** Of no values NaN, which no comparison is true of. */
export function middleOf(values: readonly number[]): number {
  return median([...values]) ?? Number.NaN;
}

export function rounded(value: number, digits = 0): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
