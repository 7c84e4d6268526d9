import type { IncomingMessage } from 'node:http';

const redirects = [301, 302, 303, 307, 308];
/** Not told to a server of another origin. */
const credentials = ['authorization', 'cookie', 'host', 'proxy-authorization'];
const aboutBody = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
];

/**
 * The request that follows an answer which is a redirect, by the rules of `fetch` (https://fetch.spec.whatwg.org/#http-redirect-fetch); undefined for any other. With 301, 302
 * and 303 the body is not sent again: the server may have taken it.
 *
 * @throws TypeError for a location that is no address
 */
export function redirectOf(
  from: URL,
  init: RequestInit,
  { statusCode: status = 0, headers: { location } }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
): { url: URL; init: RequestInit } | undefined {
  if (!redirects.includes(status) || location === undefined) return undefined;
  const url = new URL(location, from);
  const headers = new Headers(init.headers);
  if (url.origin !== from.origin) for (const name of credentials) headers.delete(name);
  const method = init.method?.toUpperCase() ?? 'GET';
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') || (status < 303 && method === 'POST');
  if (!becomesGet) return { url, init: { ...init, headers } };
  for (const name of aboutBody) headers.delete(name);
  return { url, init: { ...init, headers, method: 'GET', body: null } };
}
