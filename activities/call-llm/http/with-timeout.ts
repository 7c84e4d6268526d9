import { APIConnectionTimeoutError } from 'openai';

/**
 * Makes a request with a signal that is aborted when its whole answer is not there after so many milliseconds: the client's own timeout ends with the
 * headers. Behind it nothing is left. The client never takes its listener off a signal, so one of `AbortSignal.timeout` would stay, and fire, for every
 * request that has long been answered.
 *
 * @throws APIConnectionTimeoutError, as the client's own timeout does; otherwise what `request` throws
 */
export async function withTimeout<Answer>(
  milliseconds: number,
  request: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(), milliseconds);
  try {
    return await request(tooLong.signal);
  } catch (error) {
    throw tooLong.signal.aborted ? new APIConnectionTimeoutError() : error;
  } finally {
    clearTimeout(timer);
  }
}
