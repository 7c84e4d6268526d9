import OpenAI from 'openai';
import type { Logger } from '../../runtime/logger';
import { observingFetch } from './budget/observe-limits';
import { recordExchanges } from './exchanges/record-exchanges';
import { replayExchanges } from './exchanges/replay-exchanges';
import { createHttpFetch } from './http/http-fetch';
import { withReadableErrors } from './readable-errors';

export interface LlmClientOptions {
  apiKey: string;
  /** Default: that of OpenAI. */
  baseUrl?: string;
  /** Folder into which exchanges are written. */
  record?: string;
  /** Folder out of which they are answered. */
  replay?: string;
}

/**
 * The client of the provider. It retries nothing: Temporal does, and the two would multiply.
 *
 * @returns the client, and `close`, which resolves when all exchanges are recorded
 * @throws HeadwayError `HW_CONFIG_INVALID` for a recording that cannot be read
 */
export function openLlmClient(
  { apiKey, baseUrl, record, replay }: LlmClientOptions,
  logger?: Pick<Logger, 'warn'>,
): { client: OpenAI; close: () => Promise<void> } {
  const send = createHttpFetch();
  const open = (fetch = send) =>
    new OpenAI({ apiKey, baseURL: baseUrl, maxRetries: 0, fetch: withReadableErrors(observingFetch(fetch)) });
  const addressed = open();
  if (replay !== undefined) {
    const client = open(replayExchanges({ folder: replay, baseUrl: addressed.baseURL }));
    return { client, close: () => Promise.resolve() };
  }
  if (record === undefined) return { client: addressed, close: () => Promise.resolve() };
  const recording = recordExchanges({
    folder: record,
    baseUrl: addressed.baseURL,
    apiKey,
    logger,
    fetch: send,
  });
  return { client: open(recording.fetch), close: recording.written };
}
