export interface ScoreInput {
  /** The model's own, 0 to 1. */
  confidence: number;
  facts: number;
  verifiedFacts: number;
  citedHosts: number;
}

/** More hosts than this are not better evidence. */
const ENOUGH_HOSTS = 4;

/**
 * How far a brief can be trusted, 0 to 100:
 *
 *     score = round(30 * confidence + 50 * verifiedFacts / facts + 20 * min(citedHosts, 4) / 4)
 *
 * What can be checked weighs more than what the model says about itself. Without facts the second term is 0.
 */
export function score({ confidence, facts, verifiedFacts, citedHosts }: ScoreInput): number {
  const verified = facts === 0 ? 0 : verifiedFacts / facts;
  return Math.round(
    30 * confidence + 50 * verified + (20 * Math.min(citedHosts, ENOUGH_HOSTS)) / ENOUGH_HOSTS,
  );
}
