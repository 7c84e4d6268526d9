import type { LlmCalls } from '../../../../activities/call-llm/llm-calls';
import type { Reservation, SpendingStore } from '../../../../activities/call-llm/money/spending-store';
import { withCeilings } from '../../../../activities/call-llm/money/with-ceilings';
import { noUsage } from '../../../../contracts/no-usage';
import type { CallAccount, LlmCall, LlmHandle, LlmOutcome } from '../../../../contracts/stages';
import { llmCall } from '../../support';

/** A call may cost 1,000 tokens of 1 USD a million: 1,000,000 nano-dollars, and its prompt nothing. */
const prices = { m: { input: 0, output: 1 } };
const AT_MOST = 1_000_000;

let made: LlmCall[];
let settled: [string, number][];
let settle: (id: string, cost: number) => Promise<void>;
let reservation: () => Promise<Reservation>;
let usage = noUsage;
let refuses = false;
/** The provider does not say whether it has taken a call. */
let isUnsure = false;

beforeEach(() => {
  made = [];
  settled = [];
  settle = (id, cost) => Promise.resolve(void settled.push([id, cost]));
  reservation = () => Promise.resolve({ outcome: 'reserved', spent: 0 });
  usage = { ...noUsage, llmCalls: 1, costNanoUsd: 7 };
  refuses = false;
  isUnsure = false;
});

function calls(ceilings: Record<string, number> = {}, model = 'm'): LlmCalls {
  const inner: LlmCalls = {
    start(call) {
      made.push(call);
      const { index, jobId, pipeline } = call;
      const base = { index, startedAt: 0, endedAt: 0, usage: noUsage };
      if (refuses) return Promise.resolve({ ...base, kind: 'final', code: 'HW_LLM_REJECTED', message: 'no' });
      if (isUnsure)
        return Promise.resolve({ ...base, usage, kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message: '?' });
      return Promise.resolve({ index, jobId, pipeline, callId: jobId, startedAt: 0, timeoutAt: 1 });
    },
    wait: ({ index }) => Promise.resolve({ index, startedAt: 0, endedAt: 0, usage, kind: 'expired' }),
    cancel: () => Promise.resolve(),
  };
  const spending: SpendingStore = {
    reserve: () => reservation(),
    settle: (id, cost) => settle(id, cost),
  };
  const dailyCeilingOf = (tenant = '') => ceilings[tenant];
  return withCeilings(inner, { prices, modelOf: () => model, dailyCeilingOf, spending });
}

const start = (account?: CallAccount, using = calls()) => using.start(llmCall({ account }));

test('a job may use up its ceiling, and fails at once with the call that may go beyond', async () => {
  expect(await start({ maxNanoUsd: AT_MOST * 2, spentNanoUsd: AT_MOST })).toHaveProperty('callId');
  const over = await start({ maxNanoUsd: AT_MOST * 2, spentNanoUsd: AT_MOST + 1 });
  expect(over).toMatchObject({ kind: 'final', code: 'HW_COST_CEILING' });
  expect((over as { message: string }).message).toBe(
    'budget: the job has spent 0.001000 of at most 0.002000 USD (maxCostUsd), and its next call may cost 0.001000',
  );
  expect(made).toHaveLength(1);
});

test('a model without a price cannot be held to a ceiling, and needs none without one', async () => {
  const unknown = calls({}, 'unknown');
  expect(await start({ maxNanoUsd: 1e12 }, unknown)).toMatchObject({
    code: 'HW_COST_CEILING',
    kind: 'final',
  });
  expect(await start({ tenant: 'acme' }, unknown)).toHaveProperty('callId');
});

test('what was set aside for a tenant is replaced by what the call cost', async () => {
  const some = calls({ acme: 1 });
  const handle = (await start({ tenant: 'acme' }, some)) as LlmHandle;
  expect(handle.held).toEqual({ nanoUsd: AT_MOST, id: expect.any(String) });
  const outcome = await some.wait(handle, new AbortController().signal);
  expect(outcome.atMostNanoUsd).toBeUndefined();
  expect(settled).toEqual([[handle.held!.id, 7]]);
});

test('a call of unknown cost counts as what it may have cost, for its tenant and for its job', async () => {
  usage = { ...noUsage, llmCalls: 1 };
  const some = calls({ acme: 1 });
  const handle = (await start({ tenant: 'acme' }, some)) as LlmHandle;
  const outcome: LlmOutcome = await some.wait(handle, new AbortController().signal);
  expect(outcome.atMostNanoUsd).toBe(AT_MOST);
  await some.cancel(handle);
  expect(settled.map(([, cost]) => cost)).toEqual([AT_MOST, AT_MOST]);
});

test.each<[string, CallAccount, number[]]>([
  ['its tenant', { tenant: 'acme' }, [AT_MOST]],
  ['its job alone', { maxNanoUsd: AT_MOST }, []],
])('one that may have been taken counts as what it may have cost, for %s', async (_, account, amounts) => {
  isUnsure = true;
  usage = { ...noUsage, llmCalls: 1 };
  expect(await start(account, calls({ acme: 1 }))).toMatchObject({ kind: 'retry', atMostNanoUsd: AT_MOST });
  expect(settled.map(([, cost]) => cost)).toEqual(amounts);
});

test('one that the provider did not take gives everything back', async () => {
  refuses = true;
  expect(await start({ tenant: 'acme' }, calls({ acme: 1 }))).toMatchObject({ code: 'HW_LLM_REJECTED' });
  expect(settled).toEqual([[expect.any(String), 0]]);
});

test.each<[string, () => Promise<Reservation>, object]>([
  ['spent', () => Promise.resolve({ outcome: 'over', spent: 1 }), { kind: 'final', code: 'HW_COST_CEILING' }],
  [
    'under way',
    () => Promise.resolve({ outcome: 'wait', spent: 1 }),
    { kind: 'retry', notMade: true, shared: true },
  ],
  ['not to be read', () => Promise.reject(new Error('away')), { kind: 'retry', notMade: true, shared: true }],
])('no call is made while the money of its tenant is %s', async (_, answer, expected) => {
  reservation = answer;
  expect(await start({ tenant: 'acme' }, calls({ acme: 5 }))).toMatchObject(expected);
  expect(made).toEqual([]);
  expect(await start({ tenant: 'other' }, calls({ acme: 5 }))).toHaveProperty('callId');
});

describe('a database', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());
  const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

  test('that hangs holds up an answer for a second, and has its cost when it goes on', async () => {
    const some = calls({ acme: 1 });
    const handle = (await start({ tenant: 'acme' }, some)) as LlmHandle;
    let goOn!: () => void;
    settle = (id, cost) =>
      new Promise((resolve) => {
        goOn = () => resolve(void settled.push([id, cost]));
      });
    let outcome: LlmOutcome | undefined;
    void some.wait(handle, new AbortController().signal).then((ended) => (outcome = ended));
    await pass(999);
    expect(outcome).toBeUndefined();
    await pass(1);
    expect(outcome).toMatchObject({ kind: 'expired' });
    goOn();
    expect(settled).toEqual([[handle.held!.id, 7]]);
  });

  test('that breaks off may have set something aside, which is given back', async () => {
    reservation = () => Promise.reject(new Error('connection terminated'));
    await start({ tenant: 'acme' }, calls({ acme: 1 }));
    await pass(0);
    expect(settled).toEqual([[expect.any(String), 0]]);
  });

  test('that hangs is told once of what may have been set aside, and not of each at once', async () => {
    const some = calls({ acme: 1 });
    reservation = () => Promise.reject(new Error('no answer'));
    let goOn = (): void => undefined;
    settle = (id, cost) => {
      settled.push([id, cost]);
      return new Promise((_, reject) => (goOn = () => reject(new Error('no answer'))));
    };
    for (let call = 0; call < 20; call += 1) await start({ tenant: 'acme' }, some);
    await pass(10_000);
    expect(settled).toHaveLength(1);
    goOn();
    await pass(0);
    expect(settled).toHaveLength(2);
  });

  test('that other workers found room in since is asked again as often as at first', async () => {
    const some = calls({ acme: 1 });
    reservation = () => Promise.resolve({ outcome: 'wait', spent: 1 });
    await start({ tenant: 'acme' }, some);
    await pass(5 * 3_600_000);
    expect(await start({ tenant: 'acme' }, some)).toMatchObject({ retryAfterMs: 2_000 });
  });

  test.each<[string, () => Promise<Reservation>, number[]]>([
    ['is away', () => Promise.reject(new Error('away')), [5, 5, 10, 20, 40, 60, 60]],
    [
      'knows of calls under way',
      () => Promise.resolve({ outcome: 'wait', spent: 1 }),
      [2, 2, 4, 8, 16, 32, 60],
    ],
  ])(
    'that %s is asked more and more rarely, until it sets something aside again',
    async (_, answer, expected) => {
      const some = calls({ acme: 1, other: 1 });
      reservation = answer;
      const retryAfterMs = async (tenant: string) => {
        const outcome = await start({ tenant }, some);
        return 'retryAfterMs' in outcome ? Number(outcome.retryAfterMs) : undefined;
      };
      const waits: number[] = [];
      while (waits.length < expected.length) {
        const ms = Number(await retryAfterMs('acme'));
        waits.push(ms / 1_000);
        await pass(ms);
      }
      expect(waits).toEqual(expected);
      expect(await retryAfterMs('other')).toBe(expected[0]! * 1_000);
      reservation = () => Promise.resolve({ outcome: 'reserved', spent: 0 });
      expect(await retryAfterMs('acme')).toBeUndefined();
      reservation = answer;
      expect(await retryAfterMs('acme')).toBe(expected[0]! * 1_000);
    },
  );
});
