import { createRandom } from '../../../stack/llm-simulator/random';
import type { PlannedRecord } from '../../compare/schedule';

/** How long each LLM call takes. */
export interface LlmScenario {
  name: string;
  title: string;
  fromMs: number;
  toMs: number;
}

export const llmScenarios: readonly LlmScenario[] = [
  { name: 'llm-0', title: 'LLM answers at once', fromMs: 0, toMs: 0 },
  { name: 'llm-10', title: 'LLM takes 10 s', fromMs: 10_000, toMs: 10_000 },
  { name: 'llm-5-10', title: 'LLM takes 5-10 s', fromMs: 5_000, toMs: 10_000 },
];

/** The same for every way, as far as it has as many jobs. */
export function planJobs(
  { name, fromMs, toMs }: Pick<LlmScenario, 'name' | 'fromMs' | 'toMs'>,
  { prefix, count, seed }: { prefix: string; count: number; seed: number },
): PlannedRecord[] {
  const random = createRandom('cost', seed, name);
  return Array.from({ length: count }, (_, index) => ({
    ...{ at: 0, id: `${prefix}-${index}`, poison: false, slow: false },
    latencyMs: Math.round(fromMs + (toMs - fromMs) * random.next()),
  }));
}
