import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Activities } from '../../activities';
import { CANCEL_JOB_UPDATE, JOBS_QUERY, type CancelAnswer, type JobState } from '../../contracts/job-state';
import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { LlmHandle, LlmOutcome } from '../../contracts/stages';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { replayHistories } from '../../workers/replay/replay-histories';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { beginAllCalls, enrichAll, createStubWorkers, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
let answer: () => void = () => {};

beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(async () => {
  answer();
  await stub.close();
});

const source = { door: 'http', timestamp: 0 } as const;
const postProcess: Activities['postProcess'] = ({ items }) =>
  Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) });
const timed = {
  ...{ startedAt: 1, endedAt: 2 },
  usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
};
const answerOf = ({ index }: LlmHandle): LlmOutcome => ({
  ...{ index, ...timed },
  ...{ model: 'm', kind: 'answer', answer: {}, citations: [] },
});
/** A local activity is not cut off by the wait for its state. */
const STAGE_TIMEOUT_MS = 60_000;
const WAIT_IN_STAGE_MS = 50_000;
/** How long a slow stage goes on when a task has begun that brings news: the workflow has them before the stage ends. */
const TOLD_AFTER_MS = 2_000;

type Events = temporal.api.history.v1.IHistoryEvent[];

const eventsOf = async (handle: WorkflowHandle): Promise<Events> =>
  (await handle.fetchHistory()).events ?? [];

/** Whether a workflow task has begun that knows of the event at this place. */
const isTold = (events: Events, place = -1) =>
  place >= 0 && events.slice(place).some((event) => event.workflowTaskStartedEventAttributes);

async function expectReplay(handle: WorkflowHandle): Promise<void> {
  const history = await handle.fetchHistory();
  const replayed = replayHistories([{ name: 'pack', history }], {});
  const problems: unknown[] = [];
  for await (const { problem } of replayed) problems.push(problem);
  expect(problems).toEqual([undefined]);
}

/** What the workflow task gave to the history in which the post-processing ended, as a local activity. */
async function taskOfPostProcessing(handle: WorkflowHandle): Promise<Events> {
  const events = await eventsOf(handle);
  const ordinary = events.map(({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name);
  expect(ordinary).not.toContain('postProcess');
  const isMarker = ({ markerRecordedEventAttributes: marker }: Events[number]) =>
    Buffer.from(marker?.details?.['data']?.payloads?.[0]?.data ?? []).includes('postProcess');
  const place = events.findIndex(isMarker);
  const begin = events.slice(0, place).findLastIndex((event) => event.workflowTaskCompletedEventAttributes);
  const end = events.slice(place).findIndex((event) => event.workflowTaskScheduledEventAttributes);
  expect([place, begin, end]).not.toContain(-1);
  return events.slice(begin + 1, place + end);
}

test('a job that is cancelled while a stage of another one takes several workflow tasks leaves a history that replays', async () => {
  const handle = stub.client.workflow.getHandle(stub.taskQueue);
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let isSlow = false;
  const enrichJobs: Activities['enrichJobs'] = async (request) => {
    if (request.jobs[0]?.index === 1) {
      isSlow = true;
      const hasFired = async () => {
        const { events = [] } = await handle.fetchHistory();
        const accepted = events?.findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
        return accepted! > 0 && events!.slice(accepted).some((event) => event.timerFiredEventAttributes);
      };
      await eventually('the timer of the cancel has fired', hasFired, WAIT_IN_STAGE_MS);
      // The workflow is told so while this goes on.
      await delay(TOLD_AFTER_MS);
    }
    return await enrichAll(request);
  };
  await stub.startWorkflows({ enrichJobs, postProcess });
  const stopped: number[] = [];
  await stub.startLlm({
    startLlmCalls: beginAllCalls,
    async awaitLlmCalls({ handles }) {
      if (handles[0]?.index === 0) await answered;
      return { outcomes: handles.map(answerOf) };
    },
    cancelLlmCalls: ({ handles }) => {
      stopped.push(...handles.map(({ index }) => index));
      return Promise.resolve();
    },
  });
  const ids = [0, 1].map((index) => `${stub.taskQueue}-${index}`);
  const notBefore = new Date(Date.now() + 8_000).toISOString();
  const input: PackInput = {
    jobs: ids.map((id, index) => ({
      ...{ id, pipeline: 'p', input: {}, source },
      ...(index === 1 && { notBefore }),
    })),
    policies: { p: policySchema.parse({ enrich: { timeoutMs: STAGE_TIMEOUT_MS } }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  await eventually('the first job waits for the LLM', async () => {
    const [first] = await handle.query<JobState[]>(JOBS_QUERY);
    return first?.stage === 'call-llm';
  });
  await eventually('the second one is in enrich', () => isSlow);
  const cancelled = await handle.executeUpdate<CancelAnswer, [string]>(CANCEL_JOB_UPDATE, {
    args: [ids[0] as string],
  });
  expect(cancelled).toEqual({ outcome: 'cancelled' });
  await eventually('its call is stopped', () => stopped.length > 0);
  answer();
  expect(await (handle.result() as Promise<PackSummary>)).toMatchObject({ cancelled: 1, completed: 1 });
  await expectReplay(handle);
  await recordHistory(stub.client, stub.taskQueue, 'cancelled-beside-a-slow-stage');
});

describe('jobs that leave while another one is post-processed through several workflow tasks', () => {
  const leaving = [1, 2, 3, 4, 5];
  const idOf = (index: number) => `${stub.taskQueue}-${index}`;
  const pack = () => stub.client.workflow.getHandle(stub.taskQueue);

  /** Whether a workflow task has begun in which the jobs are let go. */
  async function areLetGo(): Promise<boolean> {
    const events = await eventsOf(pack());
    const ends = events.flatMap((event, place) =>
      event.activityTaskCompletedEventAttributes ? [place] : [],
    );
    // Calls were made, the first one was answered, then the others.
    return isTold(events, ends[2]);
  }

  /** Whether a workflow task has begun that knows of it. */
  async function haveLeft(): Promise<boolean> {
    const events = await eventsOf(pack());
    const starts = events.flatMap((event, place) =>
      event.childWorkflowExecutionStartedEventAttributes ? [place] : [],
    );
    return isTold(events, starts[leaving.length - 1]);
  }

  async function startPack(untilPostProcessed: () => Promise<boolean>): Promise<void> {
    let isSlow = false;
    await stub.startWorkflows({
      enrichJobs: enrichAll,
      async postProcess(request) {
        isSlow = true;
        await eventually('the time has come', untilPostProcessed, WAIT_IN_STAGE_MS);
        // The workflow is told so while this goes on.
        await delay(TOLD_AFTER_MS);
        return await postProcess(request);
      },
    });
    await stub.startLlm({
      startLlmCalls: beginAllCalls,
      async awaitLlmCalls({ handles }) {
        const [first] = handles;
        if (first?.index === 0) return { outcomes: [answerOf(first)] };
        await eventually('the first one is post-processed', () => isSlow);
        const bad = { kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER', message: 'no', answer: '' } as const;
        return { outcomes: handles.map(({ index }) => ({ index, ...timed, ...bad })) };
      },
      callLlm: ({ index }) =>
        Promise.resolve({ ...{ index, ...timed }, kind: 'final', code: 'HW_LLM_REFUSED', message: 'no' }),
    });
    const input: PackInput = {
      jobs: [0, ...leaving].map((index) => ({ ...{ id: idOf(index), pipeline: 'p', input: {}, source } })),
      policies: { p: policySchema.parse({ postProcess: { timeoutMs: STAGE_TIMEOUT_MS } }) },
      llmTaskQueue: stub.llmTaskQueue,
    };
    await stub.client.workflow.start(PROCESS_PACK, {
      ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
    });
  }

  const summary = { completed: 1, left: leaving.length };

  it('are let go in the same order when the pack is replayed', async () => {
    await startPack(areLetGo);
    expect(await (pack().result() as Promise<PackSummary>)).toMatchObject(summary);
    const task = await taskOfPostProcessing(pack());
    expect(task.filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes)).toHaveLength(
      leaving.length,
    );
    await expectReplay(pack());
    await recordHistory(stub.client, stub.taskQueue, 'left-beside-a-slow-stage');
  });

  it('and are cancelled just then leave a pack that replays', async () => {
    await startPack(haveLeft);
    await eventually('they are let go', areLetGo);
    const cancelled = pack().executeUpdate<CancelAnswer, [string]>(CANCEL_JOB_UPDATE, { args: [idOf(3)] });
    expect(await cancelled).toMatchObject({ outcome: 'left', leftAs: idOf(3) });
    expect(await (pack().result() as Promise<PackSummary>)).toMatchObject(summary);
    const task = await taskOfPostProcessing(pack());
    expect(task.some((event) => event.workflowExecutionUpdateCompletedEventAttributes)).toBe(true);
    // It was taken in a task before, and waited.
    expect(task.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
    await expectReplay(pack());
    await recordHistory(stub.client, stub.taskQueue, 'cancelled-while-leaving-beside-a-slow-stage');
  });
});

test('a deadline that passes beside a slow stage leaves a history that replays, although another one passes before that stage ends', async () => {
  const idOf = (index: number) => `${stub.taskQueue}-${index}`;
  const pack = stub.client.workflow.getHandle(stub.taskQueue);
  const now = Date.now();
  // A timer comes a second later. A workflow task beside a local activity takes 8 s.
  const [deadline, nextDeadline] = [now + 20_000, now + 28_000];
  let toldAt = Infinity;
  await stub.startWorkflows({
    enrichJobs: enrichAll,
    async postProcess(request) {
      const isToldOfDeadline = async () => {
        const events = await eventsOf(pack);
        return isTold(
          events,
          events.findIndex((event) => event.timerFiredEventAttributes),
        );
      };
      await eventually('a workflow task has the first deadline', isToldOfDeadline, WAIT_IN_STAGE_MS);
      toldAt = Date.now();
      // Counted from when the stage was begun, which is a little later than its task.
      await eventually('the next one has passed', () => Date.now() > nextDeadline + 2_500, WAIT_IN_STAGE_MS);
      return await postProcess(request);
    },
  });
  await stub.startLlm({
    startLlmCalls: beginAllCalls,
    async awaitLlmCalls({ handles }) {
      const [first] = handles;
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 1_000);
      try {
        if (first?.index !== 0) return await context.cancelled;
        // The workflow task in which the post-processing begins ends between the two.
        await eventually('the first deadline is near', () => Date.now() > deadline - 3_000);
        return { outcomes: [answerOf(first)] };
      } finally {
        clearInterval(beat);
      }
    },
    cancelLlmCalls: () => Promise.resolve(),
  });
  const deadlines = [undefined, deadline, nextDeadline];
  const input: PackInput = {
    jobs: deadlines.map((at, index) => ({
      ...{ id: idOf(index), pipeline: 'p', input: {}, source },
      ...(at !== undefined && { deadline: new Date(at).toISOString() }),
    })),
    policies: { p: policySchema.parse({ postProcess: { timeoutMs: STAGE_TIMEOUT_MS } }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  expect(await (pack.result() as Promise<PackSummary>)).toMatchObject({ completed: 1, expired: 2 });
  expect(toldAt).toBeLessThan(nextDeadline);
  const timers = (await taskOfPostProcessing(pack)).filter((event) => event.timerStartedEventAttributes);
  // The end of the first, the next deadline, the end of the post-processing.
  expect(timers).toHaveLength(3);
  await expectReplay(pack);
  await recordHistory(stub.client, stub.taskQueue, 'deadlines-beside-a-slow-stage');
});
