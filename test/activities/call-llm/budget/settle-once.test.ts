import { MockActivityEnvironment } from '@temporalio/testing';
import { createCallLlm } from '../../../../activities/call-llm';
import { CallBudget } from '../../../../activities/call-llm/budget/call-budget';
import { withBudget } from '../../../../activities/call-llm/budget/with-budget';
import { markOutcomes } from '../../../../activities/call-llm/mark-outcomes';
import { noUsage } from '../../../../contracts/no-usage';
import type { LlmHandle, LlmOutcome } from '../../../../contracts/stages';
import { FakeStore } from './fake-store';

type Wait = (handle: LlmHandle) => Promise<LlmOutcome>;

const handleOf = (index: number): LlmHandle => ({
  ...{ index, jobId: `job-${index}`, pipeline: 'p', callId: `resp_${index}`, startedAt: 0, timeoutAt: 0 },
  reserved: { model: 'm', tokens: 1_000, prompt: 10 },
});
const outcomeOf = (index: number, message = ''): LlmOutcome => ({
  ...{ index, startedAt: 0, endedAt: 0, kind: 'final', code: 'HW_LLM_REFUSED', message },
  usage: { ...noUsage, llmCalls: 1, inputTokens: 100, outputTokens: index + 1 },
});

/** The activity that awaits calls, and what was settled with the budget. */
function open(wait: Wait) {
  const budget = new CallBudget({ name: 'm', store: new FakeStore().for('a'), configured: {} });
  const used: number[] = [];
  jest.spyOn(budget, 'settle').mockImplementation((_, tokens) => void used.push(tokens));
  const calls = { start: () => Promise.reject(new Error()), wait, cancel: () => Promise.resolve() };
  const limited = withBudget(calls, { budgetOf: () => budget, modelOf: () => 'm' });
  const { awaitLlmCalls } = createCallLlm({ llmCalls: markOutcomes(limited) });
  /** Until all have ended, as a workflow does it; how many ended each time. */
  async function awaitAll(handles: LlmHandle[], afterEach = () => undefined as unknown): Promise<number[]> {
    const waves: number[] = [];
    for (let left = handles; left.length > 0;) {
      const { outcomes } = await new MockActivityEnvironment().run<
        [{ handles: LlmHandle[] }],
        { outcomes: LlmOutcome[] },
        typeof awaitLlmCalls
      >(awaitLlmCalls, { handles: left });
      left = left.filter(({ index }) => !outcomes.some((outcome) => outcome.index === index));
      waves.push(outcomes.length);
      await afterEach();
    }
    return waves;
  }
  return { used, awaitAll };
}

test('a call whose end is read with others that have no room beside it is settled when it is returned', async () => {
  const { used, awaitAll } = open(({ index }) => Promise.resolve(outcomeOf(index, 'x'.repeat(300_000))));
  expect(await awaitAll([0, 1, 2].map(handleOf))).toEqual([1, 1, 1]);
  expect(used).toEqual([101, 102, 103]);
});

test('a call whose poll comes back after its wave is settled with the next one', async () => {
  let answer!: () => void;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const { used, awaitAll } = open(({ index }) => {
    const ended = outcomeOf(index);
    return index === 0 ? Promise.resolve(ended) : answered.then(() => ended);
  });
  const waves = await awaitAll([0, 1].map(handleOf), () => {
    answer();
    return new Promise(setImmediate);
  });
  expect(waves).toEqual([1, 1]);
  expect(used).toEqual([101, 102]);
});
