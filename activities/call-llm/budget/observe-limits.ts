import { AsyncLocalStorage } from 'node:async_hooks';
import { readRateLimitHeaders, type RateLimitHeaders } from './rate-limit-headers';

type Note = (headers: RateLimitHeaders) => void;

const observer = new AsyncLocalStorage<Note>();

/** What the provider says about its limits in answers to requests that `work` makes, through a client with `observingFetch`. */
export function observeLimits<Result>(note: Note, work: () => Result): Result {
  return observer.run(note, work);
}

/** For the `fetch` option of the OpenAI client: it keeps the headers to itself unless an answer is an error. */
export function observingFetch(inner: typeof fetch = fetch): typeof fetch {
  return async (...request) => {
    const sentAt = Date.now();
    const response = await inner(...request);
    const note = observer.getStore();
    if (note && request[1]?.method?.toUpperCase() === 'POST')
      note({ ...readRateLimitHeaders(response.status, response.headers), sentAt });
    return response;
  };
}
