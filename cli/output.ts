import type { CliContext, Output } from './context';
import { safeJson } from './printable';

/** One JSON document on standard output, for `--json`. */
export function printJson({ stdout }: CliContext, value: unknown): void {
  stdout.write(`${safeJson(value, 2)}\n`);
}

/** One JSON document on a line of its own, for `--json` of commands that tell one thing after the other. */
export function printJsonLine({ stdout }: CliContext, value: unknown): void {
  stdout.write(`${safeJson(value)}\n`);
}

/** Lines of columns, each as wide as its widest cell; a column of numbers is right-aligned. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => textOf(row[column]).length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return typeof cell === 'number' ? textOf(cell).padStart(width) : textOf(cell).padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Marks text on a terminal, unless `NO_COLOR` is set (https://no-color.org). */
export function styles(output: Output, env: NodeJS.ProcessEnv) {
  const on = output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const style = (open: number, close: number) => (text: string) =>
    on ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39) };
}

export type Styles = ReturnType<typeof styles>;

/** `1234567` as `1,234,567`; the same on every machine, whatever its language. */
function textOf(cell: string | number | undefined): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US') : (cell ?? '');
}
