const SECRET_KEY = '[a-z_-]*(?:api[-_]?key|private[-_]?key|password|passwd|pwd|authorization|secret|token)';
const HIDDEN = '[redacted]';

const rules: [RegExp, string][] = [
  // "password":"..." and "authorization":["..."], as JSON
  [new RegExp(`("${SECRET_KEY}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|\\[[^\\]]*\\])`, 'gi'), `$1"${HIDDEN}"`],
  // the same as JSON inside a JSON string
  [new RegExp(`(\\\\"${SECRET_KEY}\\\\"\\s*:\\s*\\\\")(?:[^"\\\\]|\\\\\\\\.)*`, 'gi'), `$1${HIDDEN}`],
  // scheme://user:password@host; up to the last @, since a password may hold one
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"\\]*:)[^\s"\\]+@/gi, `$1${HIDDEN}@`],
  // scheme://token@host
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s:/@"\\[]+@/gi, `$1${HIDDEN}@`],
  [new RegExp(`([?&]${SECRET_KEY}=)[^&\\s"\\\\]+`, 'gi'), `$1${HIDDEN}`],
  [/\b(Bearer|authorization:?\s+Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END)/gs, `$1${HIDDEN}`],
  [/\bsk-[A-Za-z0-9_*-]{8,}/g, HIDDEN],
];

/**
 * Hides what looks like a secret in a line for people or a log: passwords in URLs, keys, authorization headers.
 * Works on the finished text, so that it makes no difference how deep in an object, or in which error message, it sat.
 */
export function redact(line: string): string {
  return rules.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}
