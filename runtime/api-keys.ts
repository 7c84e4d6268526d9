import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../contracts/errors';
import { describeIssues } from '../contracts/job-request';
import type { ConfigProblems } from './config/problems';

/** What a key may do: look at jobs, start them, cancel them, run them again. */
export const apiScopeSchema = z.enum(['read', 'submit', 'cancel', 'retry']);
export type ApiScope = z.infer<typeof apiScopeSchema>;

/** One key of the HTTP door, as it is configured: never the key itself, only its hash. */
export const apiKeySchema = z.strictObject({
  /** For the log. */
  name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores or hyphens'),
  /** What `hashApiKey` makes of the key. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 sum as 64 hexadecimal digits'),
  /** The one tenant whose jobs the key is for; `*` stands for all jobs. */
  tenant: z.string().min(1).max(64),
  scopes: z.array(apiScopeSchema).min(1),
  /** Requests a minute, instead of HTTP_RATE_LIMIT_PER_MINUTE. */
  ratePerMinute: z.int().positive().optional(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** A new key of 256 random bits, and its hash for HTTP_API_KEYS. Nobody can find the key from the hash, so show it once. */
export function newApiKey(): { key: string; sha256: string } {
  const key = `hw_${randomBytes(32).toString('base64url')}`;
  return { key, sha256: hashApiKey(key) };
}

/** SHA-256 as 64 hexadecimal digits. A key is random, so neither salt nor slow hash would make it harder to guess. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

const VARIABLE = 'HTTP_API_KEYS';

/** The keys of HTTP_API_KEYS: JSON, or the path of a file with it. Undefined when it is not set. */
export function readApiKeys(value: string | undefined, problems: ConfigProblems): ApiKey[] | undefined {
  if (value === undefined) return undefined;
  const text = value.trimStart().startsWith('[') ? value : readFile(value, problems);
  if (text === undefined) return undefined;
  const json = parse(text, problems);
  if (json === undefined) return undefined;
  const parsed = z.array(apiKeySchema).min(1, 'must have at least one key').safeParse(json);
  if (!parsed.success) {
    problems.add(VARIABLE, `must be a list of keys: ${describeIssues(parsed.error, 'keys')}`);
    return undefined;
  }
  for (const field of ['name', 'sha256'] as const) {
    const values = parsed.data.map((key) => key[field]);
    if (new Set(values).size < values.length) problems.add(VARIABLE, `must not have the same ${field} twice`);
  }
  return parsed.data;
}

function readFile(path: string, problems: ConfigProblems): string | undefined {
  try {
    return readFileSync(path.trim(), 'utf8');
  } catch (error) {
    // The value may be a key that was pasted here, so the path is not repeated.
    const { code } = error as NodeJS.ErrnoException;
    problems.add(
      VARIABLE,
      `must be a JSON list or the path of a readable file (${code ?? messageOf(error)})`,
    );
    return undefined;
  }
}

/** What is wrong with the JSON is not said: the message would quote it. */
function parse(text: string, problems: ConfigProblems): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    problems.add(VARIABLE, 'must be valid JSON, or the path of a file with it');
    return undefined;
  }
}
