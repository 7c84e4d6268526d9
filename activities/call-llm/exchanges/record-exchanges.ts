import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../contracts/errors';
import type { Logger } from '../../../runtime/logger';
import { redact } from '../../../runtime/redact';
import { createSeldom } from '../../../runtime/seldom';
import { pathBehind, readBody, type Exchange } from './exchange';

export interface RecordOptions {
  folder: string;
  /** Of the provider. */
  baseUrl: string;
  /** Whatever holds it is written without it. */
  apiKey: string;
  logger?: Pick<Logger, 'warn'>;
  /** Default: that of Node.js. */
  fetch?: typeof fetch;
}

/** What an answer is understood by, and nothing that tells whose account it is. */
const KEPT_HEADERS = /^(content-type|retry-after(-ms)?|x-should-retry|x-ratelimit-.*)$/;

const TELL_EVERY_MS = 60_000;

/**
 * A `fetch` for the `openai` client that writes each exchange to a file of its own, with secrets removed: of the headers only some of the answer are
 * kept, and the bodies are searched for the key and for what looks like one. The call neither waits for the file nor fails with it.
 *
 * @returns `fetch`, and `written`, which resolves when everything so far is on disk
 */
export function recordExchanges(options: RecordOptions): {
  fetch: typeof fetch;
  written: () => Promise<void>;
} {
  const { folder, baseUrl, logger, fetch: send = fetch } = options;
  const seldom = createSeldom(TELL_EVERY_MS);
  const writing = new Set<Promise<void>>();
  let sequence = 0;

  return {
    async fetch(input, init) {
      const startedAt = Date.now();
      const response = await send(input, init);
      const { method, url, text } = requestOf(input, init);
      const path = pathBehind(baseUrl, url);
      const copy = response.clone();
      const name = fileName(startedAt, (sequence += 1), method, path);
      const done = write(name, async () => ({
        format: 1,
        recordedAt: new Date(startedAt).toISOString(),
        request: { method, path, body: readBody(text) },
        response: {
          status: copy.status,
          headers: keptHeaders(copy.headers),
          body: readBody(await copy.text()),
        },
        tookMs: Date.now() - startedAt,
      }));
      writing.add(done);
      void done.finally(() => writing.delete(done));
      return response;
    },
    written: async () => void (await Promise.all(writing)),
  };

  async function write(name: string, read: () => Promise<Exchange>): Promise<void> {
    try {
      const text = withoutSecrets(JSON.stringify(await read(), undefined, 2), options.apiKey);
      await mkdir(folder, { recursive: true });
      // A reader sees whole files only. Prompts are nobody else's business.
      await writeFile(join(folder, `.${name}`), `${text}\n`, { mode: 0o600 });
      await rename(join(folder, `.${name}`), join(folder, name));
    } catch (error) {
      seldom('write', (times) =>
        logger?.warn(
          { reason: messageOf(error), folder, times },
          'an exchange with the LLM was not recorded',
        ),
      );
    }
  }
}

/** The client gives an address as text, and the body as JSON. */
function requestOf(input: Parameters<typeof fetch>[0], init: RequestInit = {}) {
  const url = new URL(input instanceof Request ? input.url : input);
  const text = typeof init.body === 'string' ? init.body : '';
  return { method: (init.method ?? 'GET').toUpperCase(), url, text };
}

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => KEPT_HEADERS.test(name)));
}

/** In the order in which they began, when listed by name. */
function fileName(startedAt: number, sequence: number, method: string, path: string): string {
  const time = new Date(startedAt).toISOString().replaceAll(/[-:.]/g, '');
  const what = path.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 60);
  return `${time}-${process.pid}-${String(sequence).padStart(6, '0')}-${method}${what}.json`;
}

function withoutSecrets(text: string, apiKey: string): string {
  const known = apiKey.length >= 8 ? text.replaceAll(apiKey, '[redacted]') : text;
  return redact(known);
}
