import { z } from 'zod';
import { redact } from '../../../runtime/redact';

/** One request to the provider and what it answered, as a file of a recording holds it. */
export const exchangeSchema = z.object({
  format: z.literal(1),
  /** ISO 8601, UTC. */
  recordedAt: z.string(),
  /** Milliseconds until the whole answer was there. */
  tookMs: z.number(),
  request: z.object({
    method: z.string(),
    /** Behind the base URL, with the query: `/responses/resp_1`. */
    path: z.string(),
    body: z.unknown().optional(),
  }),
  response: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    /** JSON, or text where it was none. */
    body: z.unknown().optional(),
  }),
});
export type Exchange = z.infer<typeof exchangeSchema>;

/** What a request is recognised by: two requests with the same key ask for the same. */
export function exchangeKey({ method, path, body }: Exchange['request']): string {
  // As it was recorded: without secrets.
  return redact(`${method} ${path} ${canonical(withoutMetadata(body))}`);
}

/** The path behind the base URL, so that a recording fits wherever the provider is. */
export function pathBehind(baseUrl: string, url: URL): string {
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  const path = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
  return `${path}${url.search}`;
}

/** The text of a body as JSON where it is that. */
export function readBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** It names the job and the attempt, which are others when the recording is used. */
function withoutMetadata(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return { ...body, metadata: undefined };
}

/** JSON with the keys of all objects in order. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? ''
  );
}
