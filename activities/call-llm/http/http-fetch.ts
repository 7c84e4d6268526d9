import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { acceptEncoding, decodeBody } from './content-encoding';
import { fetchGoesElsewhere } from './fetch-route';
import { redirectOf } from './redirect';
import { wholeResponse } from './whole-response';

/** A connection that was idle for longer is not used again: servers close theirs after 5 s and more, and what is written to a closed one is lost. */
const IDLE_MS = 4_000;
const CONNECT_MS = 10_000;

export interface HttpFetchOptions {
  /** How long a connection may take to come about. Default: 10,000 ms, as with `fetch`; the operating system would try for minutes. */
  connectMs?: number;
  /** For how long an idle connection is kept. Default: 4,000 ms. A request that waits for its answer is not idle. */
  idleMs?: number;
}

/**
 * A `fetch` for the `openai` client over `node:http`, at about two thirds of the CPU. It does what that client needs: bodies are text, and an answer is
 * there as a whole or not at all. Nothing is sent a second time but by a redirect, which is followed as `fetch` does. What else is asked of it goes to `fetch`;
 * everything does where `fetch` takes another way, such as through a proxy.
 *
 * @returns a function that rejects with the reason of `signal`, and otherwise, as `fetch` does, with a TypeError whose cause is the trouble
 */
export function createHttpFetch({
  connectMs = CONNECT_MS,
  idleMs = IDLE_MS,
}: HttpFetchOptions = {}): typeof fetch {
  // Not limited: whoever makes requests limits how many are under way.
  const options = { keepAlive: true, timeout: idleMs };
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };

  return async (input, init = {}) => {
    const { body = null, headers, method = 'GET', signal, redirect = 'follow' } = init;
    const isSimple = !(input instanceof Request) && (body === null || typeof body === 'string');
    if (!isSimple || redirect !== 'follow' || fetchGoesElsewhere()) return fetch(input, init);
    signal?.throwIfAborted();
    const url = new URL(input);
    const isSecure = url.protocol === 'https:';
    const request = (isSecure ? httpsRequest : httpRequest)(url, {
      method,
      headers: {
        ...acceptEncoding,
        ...Object.fromEntries(headers instanceof Headers ? headers : new Headers(headers)),
      },
      agent: agents[isSecure ? 'https:' : 'http:'],
    });
    limitConnecting(request, isSecure ? 'secureConnect' : 'connect', connectMs);
    const { answer, bytes } = await answerTo(request, body, signal ?? undefined);
    const next = redirectOf(url, init, answer);
    return next ? fetch(next.url, next.init) : toResponse(method, answer, bytes);
  };
}

interface Answer {
  answer: IncomingMessage;
  bytes: Buffer;
}

function answerTo(request: ClientRequest, body: string | null, signal?: AbortSignal): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const fail = (cause: unknown) => reject(new TypeError('fetch failed', { cause }));
    const abort = (): void => {
      reject(signal?.reason as Error);
      request.destroy();
    };
    signal?.addEventListener('abort', abort, { once: true });
    request.on('close', () => signal?.removeEventListener('abort', abort));
    // Also behind the end: an error nobody listens to would end the process.
    request.on('error', fail);
    request.on('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () => resolve({ answer, bytes: Buffer.concat(parts) }));
    });
    request.end(body ?? undefined);
  });
}

function limitConnecting(request: ClientRequest, connected: string, withinMs: number): void {
  request.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      const error = new Error(`no connection within ${withinMs} ms`);
      request.destroy(Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect' }));
    }, withinMs);
    const done = () => clearTimeout(timer);
    socket.once(connected, done).once('close', done);
  });
}

async function toResponse(method: string, answer: IncomingMessage, bytes: Buffer): Promise<Response> {
  const { statusCode: status = 0, statusMessage: statusText, rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  try {
    const body = method === 'HEAD' ? null : await decodeBody(bytes, headers.get('content-encoding'));
    return wholeResponse(body, { status, statusText, headers });
  } catch (cause) {
    throw new TypeError('fetch failed', { cause });
  }
}
