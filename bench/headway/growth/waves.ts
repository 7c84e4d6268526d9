import type { PlannedRecord } from '../../compare/schedule';
import { PARTITIONS } from '../../kafka-load';

/** More than the half second within which answers are one wave. */
const APART_MS = 700;
const FIRST_MS = 1_000;

/** Records whose calls end in so many waves in every pack, if packs are full: records go to the partitions in turn, as the producer writes them. */
export function planWaves({
  waves,
  jobs,
  packMax,
}: {
  waves: number;
  jobs: number;
  packMax: number;
}): PlannedRecord[] {
  return Array.from({ length: jobs }, (_, index) => {
    const placeInPack = Math.floor(index / PARTITIONS) % packMax;
    const latencyMs = FIRST_MS + APART_MS * (placeInPack % waves);
    return { at: 0, id: `job-${index}`, poison: false, slow: false, latencyMs };
  });
}

/** What the last wave waits for the LLM. */
export function longestMs(waves: number): number {
  return FIRST_MS + APART_MS * (waves - 1);
}
