/** The level of the provider's bucket at which our own count is taken as it is. */
const CENTRE = 0.75;
const SLOWEST = 0.05;
const FASTEST = 1.25;

/**
 * How fast tokens are refilled here, compared with the limit. Providers count tokens in their own way (some with `max_output_tokens`, some with
 * what was used), but all tell what is left: as their bucket empties we go more slowly, and settle where both counts agree.
 *
 * @param ownLimit less was configured than the provider allows, so its bucket stays full, which is no reason to go faster
 */
export function paceOf(tokenLevel: number, ownLimit: boolean): number {
  const pace = 2 ** ((tokenLevel - CENTRE) * 4);
  return Math.min(Math.max(pace, SLOWEST), ownLimit ? 1 : FASTEST);
}
