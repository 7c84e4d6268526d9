import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from './api-error';

const bodyLimitBytes = 20 * 1024 * 1024;
let requests = 0;

/** Headers on every answer. `x-request-id` is what the client reports in its errors. */
export function commonHeaders(): Record<string, string> {
  const id = (++requests).toString(16).padStart(8, '0');
  return {
    'x-headway-simulator': 'true',
    'x-request-id': `req_simulator${id}`,
    'openai-version': '2020-10-01',
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  json: string,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...commonHeaders(),
    ...headers,
  });
  response.end(json);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  sendJson(response, error.status, JSON.stringify({ error: error.body }), error.headers);
}

/** Half of an answer, then the end of the connection. */
export function sendHalf(response: ServerResponse, json: string): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...commonHeaders(),
  });
  // Reset only when the half has left the process, or the client would see no byte of it.
  response.write(json.slice(0, json.length / 2), () => response.socket?.destroy());
}

/** The client sees ECONNRESET. */
export function resetConnection(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

/**
 * The parsed body; undefined when there is none.
 * @throws ApiError 400 when it is no JSON, 413 when it is too large; Error when the client goes before its end
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, {
      message: 'We could not parse the JSON body of your request. The OpenAI API expects a JSON payload.',
    });
  }
}

/** By events: `for await` over a request took a fifth more CPU. */
function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is read and dropped, so that the client gets to see the answer.
      if (bytes <= bodyLimitBytes) chunks.push(chunk);
    });
    request.on('end', () => {
      if (bytes > bodyLimitBytes)
        reject(new ApiError(413, { message: 'The request body is larger than 20 MB.' }));
      else resolve(Buffer.concat(chunks).toString('utf8'));
    });
    request.on('error', reject);
  });
}
