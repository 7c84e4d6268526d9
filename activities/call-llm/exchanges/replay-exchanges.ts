import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIssues } from '../../../contracts/job-request';
import { HeadwayError, messageOf } from '../../../contracts/errors';
import { exchangeKey, exchangeSchema, pathBehind, readBody, type Exchange } from './exchange';

export interface ReplayOptions {
  folder: string;
  baseUrl: string;
}

/**
 * A `fetch` for the `openai` client that answers from a recording and sends nothing. The same request is answered as often as it was recorded, in
 * that order, and from then on as the last time. One that was never recorded is refused with a sentence that names it.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` for a folder that holds no recording, or a file that is none
 */
export function replayExchanges({ folder, baseUrl }: ReplayOptions): typeof fetch {
  const recorded = new Map<string, Exchange[]>();
  for (const exchange of readExchanges(folder)) {
    const key = exchangeKey(exchange.request);
    recorded.set(key, [...(recorded.get(key) ?? []), exchange]);
  }
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = (init?.method ?? 'GET').toUpperCase();
    const path = pathBehind(baseUrl, url);
    const body = readBody(typeof init?.body === 'string' ? init.body : '');
    const exchanges = recorded.get(exchangeKey({ method, path, body }));
    const exchange = exchanges && exchanges.length > 1 ? exchanges.shift() : exchanges?.[0];
    return Promise.resolve(exchange ? toResponse(exchange) : notRecorded(`${method} ${path}`, folder));
  };
}

function readExchanges(folder: string): Exchange[] {
  const exchanges = namesIn(folder).map((name) => readExchange(join(folder, name)));
  if (exchanges.length > 0) return exchanges;
  throw new HeadwayError('HW_CONFIG_INVALID', `LLM_REPLAY: ${folder} holds no exchange (*.json)`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .sort();
  } catch (error) {
    throw new HeadwayError('HW_CONFIG_INVALID', `LLM_REPLAY: cannot read ${folder}: ${messageOf(error)}`);
  }
}

function readExchange(file: string): Exchange {
  const parsed = exchangeSchema.safeParse(readBody(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const problem = describeIssues(parsed.error, 'exchange');
  throw new HeadwayError('HW_CONFIG_INVALID', `LLM_REPLAY: ${file} is not an exchange: ${problem}`);
}

function toResponse({ response: { status, headers, body } }: Exchange): Response {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(status === 204 ? null : text, { status, headers });
}

/** As a provider refuses a request that it will never take: it must not be waited out. */
function notRecorded(request: string, folder: string): Response {
  const message = `LLM_REPLAY: ${folder} has no answer to this ${request}: its body is not that of any recorded one`;
  const error = { message, type: 'invalid_request_error', code: 'not_recorded', param: null };
  return Response.json({ error }, { status: 400 });
}
