/** Everything below a space but the ends of lines and tabs, and what terminals take for a command of eight bits. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Text of others (a job's id, a provider's message) as it can be written to a terminal: a control character, which could move the cursor or colour
 * what follows, stands as its escape. For JSON see `safeJson`.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for what has one line only. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** The same, at most so many characters: for a cell of a table, whose column is as wide as its widest one. */
export function printableCell(text: string, max: number): string {
  // Nobody looks at what lies behind, which may be a megabyte.
  const line = printableLine(text.slice(0, max + 1));
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** What JSON.stringify leaves as it is, and terminals or readers of lines do not: control characters of eight bits, DEL, and the ends of lines of Unicode. */
const LEFT_IN_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/** JSON without a raw control character, whatever an id or a message holds; the same value for who parses it. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    LEFT_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
