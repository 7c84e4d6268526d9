import type { Totals } from '../../../../stack/llm-simulator/counters';
import type { World } from '../world';
import { NoEffect, type Fault } from './fault';
import { sign } from './waiting';

/** Fault 6 of the matrix. The simulator is told to misbehave; killing it would also make it forget the calls it has promised. */
export const llmFaults: Fault[] = [
  {
    name: 'llm-misbehaves',
    about:
      'for 40 s: 30 % of calls 429 with retry-after-ms, others 500, hanging, malformed, refused, incomplete; polls fail too',
    needs: ['llm'],
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
      const before = await llmTotals(world);
      const struck = async () => struckBetween(before, await llmTotals(world));
      // The load asks for other kinds itself.
      const ours = ['overloaded', 'disconnect', 'wrong_schema', 'incomplete', 'failed'];
      try {
        await world.setLlmFaults({ rates: { ...rates, ...answers }, pollRates });
        await world.last(40_000);
        await sign('a call has met a fault', async () =>
          Object.keys(await struck()).some((name) => ours.includes(name)),
        );
      } finally {
        await world.setLlmFaults({});
      }
      return Object.entries(await struck())
        .map(([name, count]) => `${count} ${name}`)
        .join(', ');
    },
  },
  {
    name: 'llm-away',
    about: 'the LLM provider away altogether for two minutes',
    needs: ['llm'],
    repeatsLlmCalls: 2,
    async strike({ world }) {
      const { llm } = world.proxies;
      let accepted: number;
      let attempts: number;
      try {
        await world.setLlmFaults({ away: true });
        [accepted, attempts] = [(await llmTotals(world)).accepted, llm.attempts()];
        await world.last(120_000);
        // Each answer is a reset, so each further request is a further connection.
        await sign('somebody asks the provider that is away', () => llm.attempts() > attempts);
        const now = await llmTotals(world);
        if (now.accepted > accepted) throw new NoEffect('it has taken calls while it was away');
        return `${llm.attempts() - attempts} connections in vain`;
      } finally {
        await world.setLlmFaults({});
      }
    },
  },
];

/** What the simulator has counted since the run began. */
export async function llmTotals(world: World): Promise<Totals> {
  const url = new URL('/simulator/calls?totals=only', world.stack.addresses.llmBaseUrl);
  const { totals } = (await (await fetch(url)).json()) as { totals: Totals };
  return totals;
}

function struckBetween(before: Totals, now: Totals): Record<string, number> {
  const counts = Object.entries(now.faults).map(
    ([name, count]) => [name, count - (before.faults[name as keyof Totals['faults']] ?? 0)] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
