/**
 * The line, from 1 on, at which a text stops being JSON; undefined when it is JSON. Node.js 20 does not tell the place of every error, but the
 * beginning of a JSON text fails only by its end: so the place is found by looking at beginnings.
 */
export function jsonErrorLine(text: string): number | undefined {
  if (problemOf(text) === undefined) return undefined;
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  // White space after the last character that fits belongs to the line before.
  const fitting = good === text.length ? text.trimEnd() : text.slice(0, good);
  return fitting.split('\n').length;
}

function isBeginning(text: string): boolean {
  const problem = problemOf(text);
  if (problem === undefined || /^(Unexpected end of|Unterminated string)/.test(problem)) return true;
  return Number(/at position (\d+)/.exec(problem)?.[1] ?? -1) >= text.length;
}

function problemOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
