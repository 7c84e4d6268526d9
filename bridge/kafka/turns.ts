import { createLimit } from '../../runtime/limit';

/** Asked when a request gets its turn, for which it may have waited. Where it says no, nothing is requested. */
export type IsWanted = () => boolean;

export type Turns = <T>(isWanted: IsWanted, request: () => Promise<T>) => Promise<T | undefined>;

/** Lets at most `concurrency` requests be under way at a time; the others wait in order. Undefined for one that was no longer wanted when its turn came. */
export function createTurns(concurrency: number): Turns {
  const limit = createLimit(concurrency);
  return (isWanted, request) => limit(async () => (isWanted() ? await request() : undefined));
}
