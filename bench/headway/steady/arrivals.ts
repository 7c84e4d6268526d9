import { createRandom } from '../../../stack/llm-simulator/random';
import type { PlannedRecord } from '../../compare/schedule';
import type { SteadyCase } from './cases';

/**
 * Open loop: independent arrivals (exponential gaps), the same for the same seed and round.
 *
 * @param forMs how long jobs are sent, in milliseconds
 */
export function planArrivals(
  { name, perSecond, llmMs }: Pick<SteadyCase, 'name' | 'perSecond' | 'llmMs'>,
  forMs: number,
  { seed, round }: { seed: number; round: number },
): PlannedRecord[] {
  const records: PlannedRecord[] = [];
  if (perSecond === 0) return records;
  const random = createRandom('steady', seed, name, round);
  for (let at = 0; ;) {
    at += (-Math.log(1 - random.next()) / perSecond) * 1_000;
    if (at >= forMs) return records;
    const latencyMs = Math.round(llmMs.from + (llmMs.to - llmMs.from) * random.next());
    records.push({ at, id: `job-${records.length}`, poison: false, slow: false, latencyMs });
  }
}
