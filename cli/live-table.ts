import type { Output } from './context';

export interface LiveTable {
  /** Draws these lines where the last ones were. */
  draw(lines: readonly string[]): void;
}

/**
 * Lines at the bottom of a terminal that are drawn again and again. Longer ones are cut, and of too many the last are left out: what has left the
 * screen cannot be drawn over.
 */
export function createLiveTable(output: Output): LiveTable {
  let drawn = 0;
  return {
    draw(lines) {
      const columns = (output.columns ?? 80) - 1;
      const room = Math.max(1, (output.rows ?? 24) - 2);
      const shown = lines.length <= room ? lines : lines.slice(0, room - 1);
      const more = shown.length < lines.length ? [`... and ${lines.length - shown.length} more`] : [];
      const up = drawn > 0 ? `\x1b[${drawn}A\x1b[0J` : '';
      const cut = [...shown, ...more].map((line) => `${line.slice(0, columns)}\n`);
      output.write(`${up}${cut.join('')}`);
      drawn = cut.length;
    },
  };
}
