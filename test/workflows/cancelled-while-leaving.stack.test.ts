import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { PackInput } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { beginAllCalls, createStubWorkers, enrichAll, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
let answer: () => void = () => {};

beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(async () => {
  answer();
  await stub.close();
});

const isToStop = async (handle: WorkflowHandle) => {
  const { events } = await handle.fetchHistory();
  return events?.some((event) => event.activityTaskCancelRequestedEventAttributes) ?? false;
};

test.each([
  ['the only one of its pack', 'one', 1],
  ['beside one without an answer', 'two', 2],
])(
  'a job whose bad answer comes when its workflow was cancelled is cancelled with it: %s',
  async (_, name, count) => {
    const answered = new Promise<void>((resolve) => (answer = resolve));
    await stub.startWorkflows({ enrichJobs: enrichAll });
    await stub.startLlm({
      startLlmCalls: beginAllCalls,
      // Not told that it shall stop: it sends no heartbeat.
      async awaitLlmCalls() {
        await answered;
        const usage = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 };
        const bad = {
          kind: 'bad-answer',
          code: 'HW_LLM_BAD_ANSWER',
          message: 'is empty',
          answer: '',
        } as const;
        return { outcomes: [{ index: 0, startedAt: 0, endedAt: 1, usage, ...bad }] };
      },
      cancelLlmCalls: () => Promise.resolve(),
    });
    const jobs = Array.from({ length: count }, (_, index) => ({
      ...{ id: `${stub.taskQueue}-${index}`, pipeline: 'p', input: {} },
      source: { door: 'http', timestamp: 0 } as const,
    }));
    const input: PackInput = {
      ...{ jobs, policies: { p: policySchema.parse({}) }, llmTaskQueue: stub.llmTaskQueue },
    };
    const handle = await stub.client.workflow.start(PROCESS_PACK, {
      ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
    });
    await eventually('the calls are awaited', async () => {
      const { raw } = await handle.describe();
      return (
        raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'awaitLlmCalls') ?? false
      );
    });
    await handle.cancel();
    await eventually('the waiting is to stop', () => isToStop(handle));
    answer();
    await handle.result().catch(() => undefined);
    await recordHistory(stub.client, stub.taskQueue, `pack-of-${name}-cancelled-while-leaving`);

    const alone = stub.client.workflow.getHandle(jobs[0]!.id);
    await expect(alone.describe()).rejects.toThrow(WorkflowNotFoundError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    const cancelled = { status: 'cancelled', error: { type: 'HW_JOB_CANCELLED' } };
    expect(stub.published).toMatchObject(jobs.map(({ id }) => ({ ...cancelled, id })));
    expect(stub.published).toMatchObject([{ usage: { llmCalls: 1 } }, ...jobs.slice(1).map(() => ({}))]);
  },
);
