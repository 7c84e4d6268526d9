import { couldNotConnect } from './classify-error';
import { readBody } from './exchanges/exchange';

/**
 * A `fetch` for the `openai` client by which it can tell what a server says that does not put it into `error`, as OpenAI does: of
 * `{"detail": ...}` (FastAPI) and `{"message": ...}` it would show the status alone. It can also tell that there was no connection.
 */
export function withReadableErrors(send: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init).catch((error: unknown) => {
      // The client takes one that speaks of a timeout for a request that had no answer, and forgets the rest.
      throw couldNotConnect(error) ? noConnection(error) : error;
    });
    if (response.ok) return response;
    const text = await response.text();
    return new Response(withError(text) || null, { status: response.status, headers: response.headers });
  };
}

function noConnection(error: unknown): TypeError {
  return new TypeError('fetch failed', { cause: new Error('no connection', { cause: error }) });
}

function withError(text: string): string {
  const body = readBody(text);
  if (typeof body !== 'object' || body === null || 'error' in body) return text;
  const { detail, message } = body as { detail?: unknown; message?: unknown };
  const said = Array.isArray(detail) ? detail.map(withoutInput) : (detail ?? message ?? body);
  return JSON.stringify({ error: { message: typeof said === 'string' ? said : JSON.stringify(said) } });
}

/** A problem of FastAPI without the `input` that it is about, which may be a prompt and belongs into no log or result. */
function withoutInput(problem: unknown): unknown {
  if (typeof problem !== 'object' || problem === null) return problem;
  const { loc, msg, type } = problem as Record<string, unknown>;
  return { loc, msg, type };
}
