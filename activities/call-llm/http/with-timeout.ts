import { APIConnectionTimeoutError, APIError } from 'openai';

/**
 * Makes a request with a signal that is aborted when its whole answer is not there after so many milliseconds, since the client's own timeout ends with the
 * headers, or when `givenUp` is. Behind it nothing is left. The client never takes its listener off a signal, so one of `AbortSignal.timeout` would stay,
 * and fire, for every request that has long been answered; and one of `AbortSignal.any` that is listened to lives for ever on Node.js 20.
 *
 * @throws APIConnectionTimeoutError, as the client's own timeout does; otherwise what `request` throws
 */
export async function withTimeout<Answer>(
  milliseconds: number,
  request: (signal: AbortSignal) => Promise<Answer>,
  givenUp?: AbortSignal,
): Promise<Answer> {
  const ending = new AbortController();
  let isTooLate = false;
  const timer = setTimeout(() => {
    isTooLate = true;
    ending.abort();
  }, milliseconds);
  const giveUp = (): void => ending.abort(givenUp?.reason);
  if (givenUp?.aborted) giveUp();
  givenUp?.addEventListener('abort', giveUp, { once: true });
  try {
    return await request(ending.signal);
  } catch (error) {
    // An answer that is an error is one, however late it was seen.
    const isAnswer = error instanceof APIError && error.status !== undefined;
    throw isTooLate && !isAnswer ? new APIConnectionTimeoutError() : error;
  } finally {
    clearTimeout(timer);
    givenUp?.removeEventListener('abort', giveUp);
  }
}

/** A signal that is aborted so many milliseconds after another is, and `end`, behind which nothing is left. */
export function soonAfter(
  signal: AbortSignal | undefined,
  milliseconds: number,
): { signal: AbortSignal; end(): void } {
  const later = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => later.abort(signal?.reason), milliseconds);
  };
  if (signal?.aborted) begin();
  signal?.addEventListener('abort', begin, { once: true });
  return {
    signal: later.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', begin);
    },
  };
}
