import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type ErrorCode, errorCodes, HeadwayError, messageOf } from '../../contracts/errors';
import type { Config } from '../../runtime/config/config';
import { anyJobSchema, asItCame, type AnyJob } from '../any-version';

/** One line of the answer to a batch. Less is asked of it than the door promises, so that a newer one is understood too. */
const verdictSchema = z.object({
  line: z.int(),
  status: z.int(),
  /** With `id` when nobody knows whether the job was started. */
  problem: z
    .object({ code: z.string(), detail: z.string().optional(), id: z.string().optional() })
    .optional(),
});
export type BatchVerdict = z.infer<typeof verdictSchema>;

type Init = { method?: string; headers?: Record<string, string>; body?: string };

const problemSchema = z.object({ code: z.string(), detail: z.string() });

export interface HttpClient {
  /** Sends requests, one JSON a line; a verdict a line. Sending the same again is safe, as they have ids. */
  batch(lines: readonly string[]): Promise<BatchVerdict[]>;
  /** As the door told of it, which may be of another version. */
  get(id: string): Promise<AnyJob>;
}

/** A door that is away, or asks for patience, is asked again for so long. */
const PATIENCE_MS = 60_000;
/** Several of them, so that one request that hangs is not the end. */
const REQUEST_MS = 20_000;
const WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const refused = new WeakSet<object>();

/** Whether the door has taken nothing of the request that failed with this error: it was not reached, or said so. */
export function wasNotTaken(error: unknown): boolean {
  return error instanceof Error && refused.has(error);
}

/**
 * Talks to the HTTP door.
 *
 * @throws HeadwayError with the code of the door's problem; `HW_SERVER_UNREACHABLE` when it stays away; the reason of `signal`
 */
export function createHttpClient({ url, apiKey }: Config['door'], signal: AbortSignal): HttpClient {
  const authorization: Record<string, string> =
    apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return {
    async batch(lines) {
      const headers = { 'content-type': 'application/x-ndjson' };
      const body = lines.map((line) => `${line}\n`).join('');
      const answer = await request('/v1/jobs:batch', { method: 'POST', headers, body });
      return answer
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => understood(verdictSchema, line));
    },
    async get(id) {
      return understood(anyJobSchema, await request(`/v1/jobs/${encodeURIComponent(id)}`));
    },
  };

  function understood<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
    const value = asItCame(schema, parse(text));
    if (value !== undefined) return value;
    const message = `HEADWAY_URL: what answers at ${new URL(url).origin} is no HTTP door of Headway, or one whose answers this version does not understand`;
    throw new HeadwayError('HW_CONFIG_INVALID', message);
  }

  async function request(path: string, init: Init = {}): Promise<string> {
    const until = Date.now() + PATIENCE_MS;
    let arrived = false;
    for (;;) {
      const { text, error, waitMs, mayHaveArrived = false } = await tryOnce(path, init);
      if (text !== undefined) return text;
      arrived ||= mayHaveArrived;
      if (waitMs === undefined || Date.now() + waitMs > until) {
        if (!arrived) refused.add(error);
        throw error;
      }
      await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** With `waitMs` where the same request may do after so long. */
  async function tryOnce(path: string, init: Init) {
    let response: Response;
    let text: string;
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
      const headers = { ...authorization, ...init.headers };
      response = await fetch(new URL(path, url), { ...init, headers, signal: within });
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      const reason = messageOf((error as Error).cause ?? error);
      const message = `The HTTP door does not answer at ${new URL(url).origin} (HEADWAY_URL): ${reason}`;
      const { code = '' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      const unreachable = new HeadwayError('HW_SERVER_UNREACHABLE', message, { cause: error });
      return { error: unreachable, waitMs: WAIT_MS, mayHaveArrived: !neverConnected.has(code) };
    }
    if (response.ok) return { text };
    const patient = response.status === 429 || response.status === 503;
    const mayHaveArrived = response.status >= 500 && !patient;
    return {
      error: problemOf(response, text),
      waitMs: patient ? retryAfter(response) : undefined,
      mayHaveArrived,
    };
  }

  function problemOf(response: Response, text: string): HeadwayError {
    const problem = problemSchema.safeParse(parse(text)).data;
    if (response.status === 401 || response.status === 403) {
      const detail = problem ? `: ${problem.detail}` : '';
      return new HeadwayError(
        'HW_CONFIG_INVALID',
        `HEADWAY_API_KEY is not accepted by the HTTP door${detail}`,
      );
    }
    if (problem && problem.code in errorCodes) {
      return new HeadwayError(problem.code as ErrorCode, problem.detail);
    }
    const message = `HEADWAY_URL: what answers at ${new URL(url).origin} with ${response.status} is no HTTP door of Headway`;
    return new HeadwayError(problem ? 'HW_INTERNAL' : 'HW_CONFIG_INVALID', problem?.detail ?? message);
  }
}

function retryAfter({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 1);
  return Math.min(Number.isFinite(seconds) ? seconds * 1_000 : WAIT_MS, LONGEST_WAIT_MS);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
