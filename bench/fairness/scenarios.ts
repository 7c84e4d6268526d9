/** What a flood waits for. */
export interface Scenario {
  name: string;
  title: string;
  /** Jobs of the flood. */
  flood: number;
  packMax: number;
  /** LLM activities at a time in the one worker. */
  llmSlots?: number;
  /** What each LLM call takes. */
  llmMs: number;
}

export const scenarios: Scenario[] = [
  { name: 'packs', title: '5,000 jobs in packs of 50', flood: 5_000, packMax: 50, llmMs: 0 },
  { name: 'single', title: '1,500 jobs, a workflow each', flood: 1_500, packMax: 1, llmMs: 0 },
  {
    name: 'slots',
    title: '5,000 jobs in packs of 50, two LLM activities at a time, calls of 0.5 s',
    ...{ flood: 5_000, packMax: 50, llmSlots: 2, llmMs: 500 },
  },
];

/** How the single jobs differ from those of the flood. */
export const variants = {
  /** By nothing: they take their place at the end. */
  none: { title: 'nothing', flood: { tenant: 'flood' }, single: () => ({ tenant: 'flood' }) },
  tenant: {
    title: 'its tenant',
    flood: { tenant: 'flood' },
    single: (index: number) => ({ tenant: `single-${index}` }),
  },
  priority: {
    title: 'its priority',
    flood: { tenant: 'flood', priority: 5 },
    single: () => ({ tenant: 'flood', priority: 1 }),
  },
};

export type Variant = keyof typeof variants;
export type Door = 'kafka' | 'direct';

/** A single job, from when it was sent until its result was there. */
export interface Measured {
  scenario: string;
  /** `alone`: while nothing else was going on. */
  variant: Variant | 'alone';
  door: Door;
  ms: number;
  /** Results of the flood that came in that time. */
  floodResults: number;
  /** Results of the flood per second while it lasted. */
  floodPerSecond: number;
}
