import { z } from 'zod';
import { HeadwayError, sentence } from '../../contracts/errors';

/** Deep enough for any input. At some thousand levels JSON can be read but no longer be written; a million take seconds to read. */
const DEPTH_MAX = 200;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The JSON of a record value, when writing it again gives the same: what a job carries is written and read many times on its way.
 *
 * @throws HeadwayError `HW_RECORD_EMPTY`, `HW_RECORD_NOT_UTF8`, `HW_RECORD_NOT_JSON`; `HW_JOB_INVALID`, naming the field, for a
 * number that would be changed, a key that would be dropped, and nesting beyond 200 levels
 */
export function readJson(value: Buffer | null): unknown {
  if (value === null || value.length === 0) {
    throw new HeadwayError('HW_RECORD_EMPTY', `the record value is ${value === null ? 'null' : 'empty'}`);
  }
  const text = decode(value);
  checkDepth(text);
  const json = parse(text);
  check(json, changedNumbers(text), []);
  return json;
}

function decode(value: Buffer): string {
  try {
    return utf8.decode(value);
  } catch (error) {
    throw new HeadwayError('HW_RECORD_NOT_UTF8', 'the record value is not valid UTF-8', { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = sentence(withoutText((error as Error).message));
    throw new HeadwayError('HW_RECORD_NOT_JSON', `the record value is not JSON: ${reason}`);
  }
}

/** V8 quotes what is around the error, and nobody knows whether that is confidential. */
function withoutText(message: string): string {
  return message.replace(/(, )?(\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, '') || 'no value';
}

/** Whatever is between the brackets: what is no JSON fails afterwards. */
function checkDepth(text: string): void {
  let depth = 0;
  const bracketOrString = /["[\]{}]/g;
  for (let found = bracketOrString.exec(text); found; found = bracketOrString.exec(text)) {
    const [character] = found;
    if (character === '"') bracketOrString.lastIndex = endOfString(text, found.index);
    else depth += character === '[' || character === '{' ? 1 : -1;
    if (depth <= DEPTH_MAX) continue;
    throw invalid([], `is nested deeper than ${DEPTH_MAX} levels at character ${found.index}`);
  }
}

function check(value: unknown, changed: Set<number>, path: PropertyKey[]): void {
  if (typeof value === 'number' && changed.has(value)) {
    throw invalid(path, 'is a number that cannot be kept exactly; send it as a text');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    path.push(Array.isArray(value) ? Number(key) : key);
    // Schemas leave it out without a word.
    if (key === '__proto__') throw invalid(path, 'is a key that cannot be kept; choose another name');
    check(inner, changed, path);
    path.pop();
  }
}

function invalid(path: PropertyKey[], problem: string): HeadwayError {
  const message = sentence(`${path.join('.') || 'the job request'}: ${problem}`);
  // For whoever must not repeat the keys.
  const cause = new z.ZodError([{ code: 'custom', path: [...path], message: problem, input: undefined }]);
  return new HeadwayError('HW_JOB_INVALID', message, { cause });
}

/** What the numbers in the text become, of those that become another one: whole numbers beyond 2^53, or beyond all bounds. */
function changedNumbers(text: string): Set<number> {
  const changed = new Set<number>();
  if (!/\d{16}|\d[eE]/.test(text)) return changed;
  const stringOrNumber = /"|-?\d[\d.eE+-]*/g;
  for (let found = stringOrNumber.exec(text); found; found = stringOrNumber.exec(text)) {
    const [literal] = found;
    if (literal === '"') stringOrNumber.lastIndex = endOfString(text, found.index);
    else if (isChanged(literal)) changed.add(Number(literal));
  }
  return changed;
}

function isChanged(literal: string): boolean {
  const read = Number(literal);
  if (!Number.isFinite(read)) return true;
  if (/[.eE]/.test(literal) || Number.isSafeInteger(read)) return false;
  // Clients in JavaScript write large numbers rounded, and would read the same number again.
  return literal !== String(read) && BigInt(literal) !== BigInt(read);
}

/** The position behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}
