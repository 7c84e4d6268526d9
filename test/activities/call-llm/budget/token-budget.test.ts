import { CallBudget } from '../../../../activities/call-llm/budget/call-budget';
import { readRateLimitHeaders } from '../../../../activities/call-llm/budget/rate-limit-headers';
import type { Tokens } from '../../../../activities/call-llm/budget/token-count';
import { ApiError } from '../../../../stack/llm-simulator/api-error';
import { RateLimits } from '../../../../stack/llm-simulator/rate-limits';
import { FakeStore } from './fake-store';

/** Processes with more jobs than a limit of tokens allows, against the limits of the simulator, in simulated time. */
interface Scenario {
  counted: 'reserved' | 'used';
  processes: number;
  /** Of each process, at a time. */
  jobs: number;
  callSeconds: [number, number];
  /** Calls of these kinds by turns: what a prompt and an answer really have, and what was asked for at most. */
  kinds: { prompt: number; answer: number; asked: number }[];
  /** So much can be saved up at the provider. */
  burstSeconds: number;
  /** The answer, and with it what was left when the call was made, comes when the call has ended. */
  isHeld?: boolean;
}

const LIMIT = 600_000;
const perSecond = LIMIT / 60;
const WARM_UP_SECONDS = 45;
const SECONDS = 60;

const brief = { prompt: 200, answer: 50, asked: 1_000 };
const common: Scenario = {
  ...{
    counted: 'reserved',
    processes: 2,
    jobs: 60,
    callSeconds: [0.5, 1.5],
    kinds: [brief],
    burstSeconds: 10,
  },
};
const scenarios: Record<string, Partial<Scenario>> = {
  'all that a call may use, when it is made': {},
  'the same, with ten processes': { processes: 10, jobs: 20 },
  'the same, for kinds of calls that use very different parts of it': {
    kinds: [brief, { prompt: 1_000, answer: 400, asked: 8_000 }, { prompt: 900, answer: 900, asked: 900 }],
  },
  'the same, twenty times what is used, told when the call has ended': {
    ...{
      kinds: [{ prompt: 200, answer: 60, asked: 5_000 }],
      callSeconds: [5, 10],
      burstSeconds: 60,
      isHeld: true,
    },
  },
  'the same, for few large and long calls': {
    ...{
      kinds: [{ prompt: 2_000, answer: 500, asked: 30_000 }],
      callSeconds: [5, 30],
      jobs: 20,
      burstSeconds: 60,
    },
  },
  'what a call has used, when it has ended': { counted: 'used' },
  'the same, of long calls': { counted: 'used', callSeconds: [5, 30], jobs: 800, burstSeconds: 60 },
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test.each(Object.keys(scenarios))(
  'a provider counts %s: 95 %% of it is used, and not one call in a hundred refused',
  async (name) => {
    const { used, refused } = await run({ ...common, ...scenarios[name] });
    expect(used).toBeGreaterThan(0.95);
    expect(refused).toBeLessThan(0.01);
  },
  30_000,
);

async function run(scenario: Scenario) {
  const { processes, jobs, burstSeconds } = scenario;
  const limits = new RateLimits({ tokensPerMinute: LIMIT, limitBurstSeconds: burstSeconds });
  const store = new FakeStore();
  for (let process = 0; process < processes; process++) {
    const budget = new CallBudget({ name: 'm', store: store.for(`${process}`), configured: {} });
    for (let job = 0; job < jobs; job++) void work(budget, limits, scenario);
  }
  const read = () => {
    const { taken, refused } = limits.read(Date.now()).m!;
    return { tokens: taken.tokens, calls: taken.requests, refused: refused.tokens };
  };
  await jest.advanceTimersByTimeAsync(WARM_UP_SECONDS * 1_000);
  const before = read();
  await jest.advanceTimersByTimeAsync(SECONDS * 1_000);
  const after = read();
  const calls = after.calls - before.calls;
  const refused = after.refused - before.refused;
  return {
    used: (after.tokens - before.tokens) / (perSecond * SECONDS),
    refused: refused / (calls + refused),
  };
}

let random = 1;
beforeEach(() => (random = 1));
const between = (least: number, most: number) =>
  least + (most - least) * ((random = (random * 16_807) % 2_147_483_647) / 2_147_483_647);
const pass = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** One call after the other, for ever. */
async function work(budget: CallBudget, limits: RateLimits, scenario: Scenario): Promise<never> {
  const { kinds, counted, callSeconds, isHeld } = scenario;
  for (let turn = Math.floor(between(0, kinds.length)); ; turn++) {
    const { prompt, answer, asked } = kinds[turn % kinds.length]!;
    // Less than what the provider sees, as with a schema, which no estimate knows.
    const call = { used: prompt * 0.8 + answer, most: prompt * 0.8 + asked };
    await taken(budget, call);
    await pass(between(0.02, 0.05));
    const seconds = between(...callSeconds);
    const sentAt = Date.now();
    try {
      const headers = limits.take('m', counted === 'reserved' ? prompt + asked : 0, Date.now());
      if (isHeld) await pass(seconds);
      budget.note({ ...readRateLimitHeaders(200, new Headers(headers)), sentAt }, call);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const said = readRateLimitHeaders(429, new Headers(error.headers));
      budget.note(said, call);
      budget.refund(call);
      await pass(Math.max(1_000, said.retryAfterMs ?? 0) / 1_000);
      continue;
    }
    if (!isHeld) await pass(seconds);
    const used = (prompt + answer) * between(0.8, 1.2);
    if (counted === 'used') limits.charge('m', used, Date.now());
    budget.settle(call.used, used);
  }
}

/** As a workflow does it that gets its call sent back. */
async function taken(budget: CallBudget, call: Tokens): Promise<void> {
  for (let returned = false; ; returned = true) {
    const outcome = await budget.take(call, { round: { waitUntil: Date.now() + 10_000 }, returned });
    if (outcome.kind === 'taken') return;
    await pass(Math.ceil(outcome.retryAfterMs / 1_000));
  }
}
