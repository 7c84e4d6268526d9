/** A load that goes on at the same rate, so far below what the machine can do that nothing piles up. */
export interface SteadyCase {
  name: string;
  /** Short, for plots. Sizes of packs are about so large. */
  title: string;
  /** Jobs a second, at independent moments. 0: nothing is sent, and what processes do by themselves is seen. */
  perSecond: number;
  packMax: number;
  packLingerMs: number;
  /** Milliseconds of each LLM call, any between both with the same chance. */
  llmMs: { from: number; to: number };
}

/** What arrives in one partition in a second. The plan for 5,000 jobs/s has more in each, but packs as full. */
const PER_SECOND = 40;

const llmMs = { from: 5_000, to: 10_000 };
/** Packs of what arrives within the time of `PACK_LINGER_MS`, about 50; `PACK_MAX` is not what ends them. */
const packsOf50 = { perSecond: PER_SECOND, packMax: 100, packLingerMs: 1_250 };

export const idle: SteadyCase = {
  ...{ name: 'idle', title: 'nothing arrives' },
  ...{ perSecond: 0, packMax: 50, packLingerMs: 500, llmMs },
};

const small: SteadyCase = {
  ...{ name: 'packs-of-10', title: 'packs of 10, calls of 5-10 s' },
  ...{ perSecond: PER_SECOND, packMax: 50, packLingerMs: 250, llmMs },
};
const byDefault: SteadyCase = {
  ...{
    name: 'default',
    title: 'as by default, calls of 5-10 s',
  },
  ...{ perSecond: PER_SECOND, packMax: 50, packLingerMs: 500, llmMs },
};
const large: SteadyCase = {
  ...{ name: 'packs-of-50', title: 'packs of 50, calls of 5-10 s' },
  ...{ ...packsOf50, llmMs },
};
const oneWave: SteadyCase = {
  ...{ name: 'one-wave', title: 'packs of 50, all calls 7.5 s' },
  ...{ ...packsOf50, llmMs: { from: 7_500, to: 7_500 } },
};
const manyWaves: SteadyCase = {
  ...{ name: 'many-waves', title: 'packs of 50, calls of 5-30 s' },
  ...{ ...packsOf50, llmMs: { from: 5_000, to: 30_000 } },
};
const slower: SteadyCase = {
  ...{
    name: 'slower',
    title: '15 jobs/s, packs of 50, 5-10 s',
  },
  ...{ perSecond: 15, packMax: 100, packLingerMs: 3_333, llmMs },
};

export const steadyCases: readonly SteadyCase[] = [
  ...[idle, small, byDefault, large, oneWave, manyWaves, slower],
];
/** As few as the model can be fitted to and checked with. */
export const quickCases: readonly SteadyCase[] = [idle, small, byDefault, large, oneWave];
