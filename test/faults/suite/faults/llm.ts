import type { Fault } from './fault';

/** Fault 6 of the matrix. The simulator is told to misbehave; killing it would also make it forget the calls it has promised. */
export const llmFaults: Fault[] = [
  {
    name: 'llm-misbehaves',
    about:
      'for 40 s: 30 % of calls 429 with retry-after-ms, others 500, hanging, malformed, refused, incomplete; polls fail too',
    // More than half of the calls begin again, so their other troubles are twice as frequent among jobs. The last two: nearly a
    // third of the calls end in trouble of that call alone, and a job has five.
    failsJobs: {
      HW_LLM_REFUSED: 0.05,
      HW_LLM_INCOMPLETE: 0.07,
      HW_LLM_BAD_ANSWER: 0.05,
      HW_LLM_UNAVAILABLE: 0.03,
      HW_LLM_TIMEOUT: 0.01,
    },
    // A disconnect leaves a call behind whose id nobody has learned, each time.
    repeatsLlmCalls: 8,
    async strike({ world }) {
      const rates = { rate_limit: 0.3, server_error: 0.1, overloaded: 0.05, disconnect: 0.05, hang: 0.01 };
      const answers = { malformed: 0.05, wrong_schema: 0.03, refusal: 0.02, incomplete: 0.03, failed: 0.03 };
      const pollRates = { rate_limit: 0.1, server_error: 0.1, hang: 0.01, disconnect: 0.05 };
      await world.setLlmFaults({ rates: { ...rates, ...answers }, pollRates });
      await world.last(40_000);
      await world.setLlmFaults({});
    },
  },
  {
    name: 'llm-away',
    about: 'the LLM provider away altogether for two minutes',
    repeatsLlmCalls: 2,
    async strike({ world }) {
      await world.setLlmFaults({ away: true });
      await world.last(120_000);
      await world.setLlmFaults({});
    },
  },
];
