/** What happens to everyone. All seconds are those before the time scale. */
export interface Scenario {
  name: string;
  title: string;
  /** For how long jobs are sent. */
  seconds: number;
  /** How much is sent: 1 would keep every slot busy without a pause. */
  load: number;
  /** Which share of the jobs takes 30 s. */
  slow?: number;
  /** Which share of the records is no job. */
  poison?: number;
  /** How often a consumer is killed. */
  kills?: number;
  /** Between these seconds every connection to the LLM is reset. */
  llmAway?: { from: number; to: number };
  /** How often one consumer more joins, and leaves again. */
  guests?: number;
  burst?: { from: number; to: number; factor: number };
}

export const JOB_SECONDS = { from: 5, to: 10, slow: 30 };

/** How long a supervisor takes to start a killed process again. */
export const RESTART_SECONDS = 5;

export const scenarios: readonly Scenario[] = [
  { name: 'calm', title: 'nothing happens', seconds: 150, load: 0.8 },
  { name: 'straggler', title: '1 % of the jobs take 30 s', seconds: 150, load: 0.7, slow: 0.01 },
  { name: 'crash', title: 'a consumer is killed three times', seconds: 150, load: 0.6, kills: 3 },
  { name: 'poison', title: '1 % of the records are no jobs', seconds: 100, load: 0.6, poison: 0.01 },
  {
    name: 'llm-down',
    title: 'the LLM is away for a minute',
    seconds: 240,
    load: 0.5,
    llmAway: { from: 60, to: 120 },
  },
  {
    name: 'rebalance',
    title: 'a third consumer joins and leaves, twice',
    // Programs take their time to start, whatever the time scale is: two guests have to fit in.
    seconds: 240,
    load: 0.6,
    guests: 2,
  },
  {
    name: 'burst',
    title: '20 times as much for ten seconds',
    seconds: 120,
    load: 0.2,
    burst: { from: 30, to: 40, factor: 20 },
  },
];

/** All that fits into one short run. */
export const mixed: Scenario = {
  name: 'mixed',
  title: '1 % take 30 s, 1 % are no jobs, a consumer is killed twice',
  ...{ seconds: 100, load: 0.6, slow: 0.01, poison: 0.01, kills: 2 },
};

export const allScenarios: readonly Scenario[] = [...scenarios, mixed];
