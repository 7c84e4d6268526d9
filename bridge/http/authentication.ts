import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { HeadwayError } from '../../contracts/errors';
import { apiScopeSchema, type ApiKey, type ApiScope } from '../../runtime/api-keys';

/** On whose behalf a request is made. */
export interface Caller {
  name: string;
  /** The one tenant whose jobs it may see and start. Absent: all jobs. */
  tenant?: string;
  scopes: readonly ApiScope[];
  ratePerMinute?: number;
}

/** Whoever can reach the loopback address of a door without keys. */
const anybody: Caller = { name: 'anybody', scopes: apiScopeSchema.options };

/**
 * Finds out who sends a request: by `Authorization: Bearer <key>`, where there are keys.
 *
 * @throws HeadwayError `HW_UNAUTHENTICATED`
 */
export function createAuthentication(
  keys: readonly ApiKey[] | undefined,
): (authorization?: string) => Caller {
  if (!keys) return () => anybody;
  const known = keys.map(({ name, sha256, tenant, scopes, ratePerMinute }) => ({
    hash: Buffer.from(sha256, 'hex'),
    caller: { name, tenant: tenant === '*' ? undefined : tenant, scopes, ratePerMinute } satisfies Caller,
  }));
  return (authorization = '') => {
    const key = /^Bearer +(\S{1,512})$/i.exec(authorization)?.[1];
    if (key === undefined) {
      throw new HeadwayError('HW_UNAUTHENTICATED', 'authorization: must be `Bearer` and an API key');
    }
    const hash = createHash('sha256').update(key).digest();
    // All of them, so that the time it takes does not tell which one it was.
    const found = known.filter((one) => timingSafeEqual(one.hash, hash));
    if (!found[0]) throw new HeadwayError('HW_UNAUTHENTICATED', 'authorization: the API key is not known');
    return found[0].caller;
  };
}

/** @throws HeadwayError `HW_FORBIDDEN` */
export function requireScope({ name, scopes }: Caller, scope: ApiScope): void {
  if (!scopes.includes(scope)) {
    throw new HeadwayError('HW_FORBIDDEN', `the key "${name}" does not have the scope "${scope}"`);
  }
}

/**
 * Jobs of another tenant are unknown to a key; but naming one is a mistake that is better told.
 *
 * @throws HeadwayError `HW_FORBIDDEN`
 */
export function requireTenant(caller: Caller, tenant: string | undefined): void {
  if (caller.tenant !== undefined && tenant !== undefined && tenant !== caller.tenant) {
    throw new HeadwayError('HW_FORBIDDEN', `tenant: the key "${caller.name}" is for another tenant`);
  }
}

/**
 * A door without keys on a loopback address can be reached by every page in a browser on the machine: by a form or a script that sends there
 * (then the browser says where the page is from), or under a name that was made to lead here (then `Host` is that name).
 *
 * @throws HeadwayError `HW_FORBIDDEN`
 */
export function refuseForeignPages(request: Pick<FastifyRequest, 'headers'>): void {
  requireLoopbackHost(request);
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (foreign || (origin !== undefined && origin !== `http://${host}`)) {
    throw new HeadwayError(
      'HW_FORBIDDEN',
      'origin: pages of other origins may not use a door without API keys',
    );
  }
}

/** @throws HeadwayError `HW_FORBIDDEN` for a name that was made to lead to the loopback address */
export function requireLoopbackHost({ headers: { host = '' } }: Pick<FastifyRequest, 'headers'>): void {
  if (/^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)) return;
  throw new HeadwayError('HW_FORBIDDEN', 'host: must be a loopback address, since the door has no API keys');
}
