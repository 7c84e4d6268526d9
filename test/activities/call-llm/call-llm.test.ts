import type { Client } from '@temporalio/client';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createCallLlm } from '../../../activities/call-llm';
import type { LlmCall, LlmHandle, LlmOutcome, StartedCalls } from '../../../contracts/stages';
import { llmCall } from '../support';

const ended = {
  startedAt: 0,
  endedAt: 0,
  kind: 'final',
  code: 'HW_LLM_REJECTED',
  message: '漢'.repeat(1_000),
  usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 0 },
} as const;

it('startLlmCalls accounts for every call: each is a handle or an outcome, however long the outcomes are', async () => {
  const { startLlmCalls } = createCallLlm({
    llmCalls: {
      start: async ({ index }) => ({ ...ended, index }),
      wait: () => Promise.reject(new Error()),
      cancel: async () => undefined,
    },
  });
  const calls = Array.from({ length: 200 }, (_, index) => llmCall({ index }));
  const started = await new MockActivityEnvironment().run<
    [{ calls: LlmCall[] }],
    StartedCalls,
    typeof startLlmCalls
  >(startLlmCalls, { calls });
  expect(started.handles.length + started.outcomes.length).toBe(200);
});

it('callLlm is kept alive while its call waits to be made, and keeps the handle then', async () => {
  const everyNowAndThen = jest.spyOn(global, 'setInterval');
  let aliveBefore = false;
  const handle: LlmHandle = {
    index: 0,
    jobId: 'job',
    pipeline: 'p',
    callId: 'resp_1',
    startedAt: 0,
    timeoutAt: 0,
  };
  const { callLlm } = createCallLlm({
    llmCalls: {
      start: () => {
        aliveBefore = everyNowAndThen.mock.calls.length === 1;
        return Promise.resolve(handle);
      },
      wait: ({ index }) => Promise.resolve({ ...ended, index }),
      cancel: async () => undefined,
    },
  });
  const environment = new MockActivityEnvironment();
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details) => heartbeats.push(details));
  const outcome = await environment.run<[LlmCall], LlmOutcome, typeof callLlm>(
    callLlm,
    llmCall({ index: 0 }),
  );
  expect([aliveBefore, outcome.kind, heartbeats]).toEqual([true, 'final', [[handle]]]);
});

it('startLlmCalls that has to stop keeps the calls that the provider is taking at that moment', async () => {
  const handleOf = (index: number): LlmHandle => ({
    index,
    jobId: 'job',
    pipeline: 'p',
    callId: `resp_${index}`,
    startedAt: 0,
    timeoutAt: 0,
  });
  let take!: (handle: LlmHandle) => void;
  const taken = new Promise<LlmHandle>((resolve) => (take = resolve));
  const environment = new MockActivityEnvironment();
  const { startLlmCalls } = createCallLlm({
    llmCalls: {
      start: ({ index }, signal) =>
        index === 0
          ? taken
          : new Promise((_, reject) =>
              signal?.addEventListener('abort', () => reject(signal.reason as Error)),
            ),
      wait: () => Promise.reject(new Error()),
      cancel: async () => undefined,
    },
  });
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details) => heartbeats.push(details));
  const ended = environment.run<[{ calls: LlmCall[] }], StartedCalls, typeof startLlmCalls>(startLlmCalls, {
    calls: [llmCall({ index: 0 }), llmCall({ index: 1 })],
  });
  let isOver = false;
  ended.catch(() => undefined).finally(() => (isOver = true));
  environment.cancel('WORKER_SHUTDOWN');
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  take(handleOf(0));
  await expect(ended).rejects.toThrow();
  expect(heartbeats).toEqual([[handleOf(0)]]);
});

describe('startLlmCalls that stays', () => {
  const handle: LlmHandle = {
    ...{ index: 0, jobId: 'job', pipeline: 'p', callId: 'resp_1', startedAt: 0, timeoutAt: 0 },
  };
  type Run = { calls: LlmCall[]; stay?: boolean };

  function stage(wait: (signal: AbortSignal) => Promise<LlmOutcome>, more: Partial<LlmHandle> = {}) {
    const log: string[] = [];
    const { startLlmCalls, callLlm } = createCallLlm({
      llmCalls: {
        start: ({ index }, signal) => {
          // Only the first is taken at once.
          if (index > 0 && hangs) return untilAborted(signal!);
          log.push('made');
          return Promise.resolve({ ...handle, ...more, index });
        },
        wait: (_, signal) => wait(signal),
        cancel: () => {
          log.push('cancelled');
          return Promise.resolve();
        },
      },
    });
    const run = (environment: MockActivityEnvironment, request: Run) =>
      environment.run<[Run], StartedCalls, typeof startLlmCalls>(startLlmCalls, request);
    const runAlone = (environment: MockActivityEnvironment) =>
      environment.run<[LlmCall], LlmOutcome, typeof callLlm>(callLlm, llmCall({ index: 0 }));
    return { log, run, runAlone };
  }

  let hangs = false;
  afterEach(() => (hangs = false));

  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );

  let innermost: AbortSignal | undefined;

  /** A client that knows the run of the activity, which is in this state. */
  const clientThatSees = (name: string) =>
    ({
      // As the connection does: the innermost signal counts.
      withAbortSignal<T>(signal: AbortSignal, use: () => Promise<T>) {
        innermost = signal;
        return use();
      },
      workflow: {
        getHandle: () => ({
          describe: () =>
            name === 'AWAY' || innermost?.aborted
              ? Promise.reject(new Error('away'))
              : Promise.resolve({ status: { name } }),
        }),
      },
    }) as unknown as Client;

  it('returns how a single call ended, and keeps its handle in the heartbeat meanwhile', async () => {
    const { run } = stage(() => Promise.resolve({ ...ended, index: 0 }));
    const environment = new MockActivityEnvironment();
    const heartbeats: unknown[] = [];
    environment.on('heartbeat', (details) => heartbeats.push(details));
    const started = await run(environment, { calls: [llmCall({ index: 0 })], stay: true });
    expect(started).toEqual({ handles: [], outcomes: [{ ...ended, index: 0 }] });
    expect(heartbeats).toEqual([[handle]]);
  });

  it('goes on with the call of an attempt before', async () => {
    const { log, run } = stage(() => Promise.resolve({ ...ended, index: 0 }));
    const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: [handle] });
    const started = await run(environment, { calls: [llmCall({ index: 0 })], stay: true });
    expect([started.outcomes.length, log]).toEqual([1, []]);
  });

  it('returns the handles of several calls, which it never awaits', async () => {
    const { run } = stage(() => Promise.reject(new Error('awaited')));
    const calls = [llmCall({ index: 0 }), llmCall({ index: 1 })];
    const started = await run(new MockActivityEnvironment(), { calls, stay: true });
    expect(started.handles.map(({ index }) => index)).toEqual([0, 1]);
  });

  function environmentOf(workflowStatus: string) {
    const info = { workflowExecution: { workflowId: 'w', runId: 'r' } };
    const environment = new MockActivityEnvironment(info, { client: clientThatSees(workflowStatus) });
    const lose = () => environment.cancel('NOT_FOUND', new ActivityCancellationDetails({ notFound: true }));
    return { environment, lose };
  }

  it.each([
    ['is lost with its workflow, are stopped', 'TERMINATED', ['made', 'cancelled']],
    ['somebody else has, go on', 'RUNNING', ['made']],
  ])('calls of a pack that are being made by an activity that %s', async (_, status, expected) => {
    const { environment, lose } = environmentOf(status);
    const { log, run } = stage(() => Promise.reject(new Error('awaited')));
    hangs = true;
    const calls = [llmCall({ index: 0 }), llmCall({ index: 1 })];
    const ended = expect(run(environment, { calls })).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    lose();
    await ended;
    expect(log).toEqual(expected);
  });

  it.each([
    ['in the background, whose workflow has ended', {}, 'TERMINATED', ['made', 'cancelled']],
    ['in the background, which somebody else awaits', {}, 'RUNNING', ['made']],
    [
      'held open here, which is made again by somebody else',
      { heldOpen: true },
      'RUNNING',
      ['made', 'cancelled'],
    ],
  ])('a call that is lost: %s', async (_, more, status, expected) => {
    for (const alone of [false, true]) {
      const { environment, lose } = environmentOf(status);
      const stages = stage((signal) => {
        const aborted = untilAborted(signal);
        lose();
        return aborted;
      }, more);
      const ended = alone
        ? stages.runAlone(environment)
        : stages.run(environment, { calls: [llmCall({ index: 0 })], stay: true });
      await expect(ended).rejects.toThrow();
      expect(stages.log).toEqual(expected);
    }
  });

  it.each([
    ['its job is cancelled', 'CANCELLED', 'RUNNING', ['made', 'cancelled']],
    ['its workflow has ended', 'NOT_FOUND', 'TERMINATED', ['made', 'cancelled']],
    ['another attempt has it', 'NOT_FOUND', 'RUNNING', ['made']],
    ['nobody can say whether its workflow has ended', 'NOT_FOUND', 'AWAY', ['made']],
    ['its worker stops', 'WORKER_SHUTDOWN', 'RUNNING', ['made']],
  ] as const)('when %s', async (_, reason, workflowStatus, expected) => {
    const info = { workflowExecution: { workflowId: 'w', runId: 'r' } };
    const environment = new MockActivityEnvironment(info, { client: clientThatSees(workflowStatus) });
    const { log, run } = stage((signal) => {
      const aborted = untilAborted(signal);
      const details = new ActivityCancellationDetails({
        ...{ cancelRequested: reason === 'CANCELLED', notFound: reason === 'NOT_FOUND' },
        ...{ workerShutdown: reason === 'WORKER_SHUTDOWN' },
      });
      environment.cancel(reason, details);
      return aborted;
    });
    await expect(run(environment, { calls: [llmCall({ index: 0 })], stay: true })).rejects.toThrow();
    expect(log).toEqual(expected);
  });
});

describe('a call that ended with the process which held it open', () => {
  const handle: LlmHandle = {
    ...{ index: 0, jobId: 'job', pipeline: 'p', callId: 'a', startedAt: 0, timeoutAt: 0, heldOpen: true },
    held: { nanoUsd: 5, id: 'set-aside' },
  };
  const account = { maxNanoUsd: 100, spentNanoUsd: 1 };
  const usage = { ...ended.usage, llmCalls: 1, costNanoUsd: 7 };

  async function attempt(activity: 'callLlm' | 'startLlmCalls', told: LlmHandle[]) {
    const accounts: LlmCall['account'][] = [];
    const settled: LlmHandle[] = [];
    const heartbeats: LlmHandle[][] = [];
    const stage = createCallLlm({
      llmCalls: {
        start(call) {
          accounts.push(call.account);
          return Promise.resolve({ ...handle, callId: 'b' });
        },
        wait: ({ index }) => Promise.resolve({ ...ended, index, usage }),
        cancel(one) {
          settled.push(one);
          return Promise.resolve();
        },
      },
    });
    const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: told });
    environment.on('heartbeat', (details) => heartbeats.push(details as LlmHandle[]));
    const call = llmCall({ index: 0, account });
    const outcome = await environment.run(async (): Promise<LlmOutcome> => {
      if (activity === 'callLlm') return await stage.callLlm(call);
      return (await stage.startLlmCalls({ calls: [call], stay: true })).outcomes[0]!;
    });
    return { accounts, settled, outcome, told: heartbeats.at(-1)! };
  }

  it.each(['callLlm', 'startLlmCalls'] as const)('counts when it is made again by %s', async (activity) => {
    const second = await attempt(activity, [handle]);
    expect(second.accounts).toEqual([{ maxNanoUsd: 100, spentNanoUsd: 6 }]);
    expect(second.settled).toEqual([handle]);
    expect(second.outcome).toMatchObject({ usage: { llmCalls: 2 }, atMostNanoUsd: 12 });
    expect(second.outcome.usage.costNanoUsd).toBeUndefined();

    const third = await attempt(activity, second.told);
    expect(third.accounts).toEqual([{ maxNanoUsd: 100, spentNanoUsd: 11 }]);
    expect(third.settled).toMatchObject([{ callId: 'b' }]);
    expect(third.outcome).toMatchObject({ usage: { llmCalls: 3 }, atMostNanoUsd: 17 });
    // However many there are.
    expect(third.told).toHaveLength(2);
  });

  it('counts as one more call where there is no ceiling', async () => {
    const { outcome } = await attempt('callLlm', [{ ...handle, held: undefined }]);
    expect(outcome).toMatchObject({ usage: { llmCalls: 2 }, atMostNanoUsd: 7 });
  });
});

it('says which model was asked when a call comes to nothing: the one it names, or that of the worker', async () => {
  const handleOf = ({ index, model }: LlmCall): LlmHandle => ({
    ...{ index, jobId: 'job', pipeline: 'p', callId: `resp_${index}`, startedAt: 0, timeoutAt: 0 },
    ...(model !== undefined && { model }),
    ...(index === 4 && { reserved: { model: 'of the worker that made it', tokens: 1, prompt: 1 } }),
  });
  const { startLlmCalls, awaitLlmCalls, callLlm } = createCallLlm({
    llmCalls: {
      start: (call) => Promise.resolve(call.index < 2 ? { ...ended, index: call.index } : handleOf(call)),
      wait: ({ index }) => Promise.resolve({ ...ended, index }),
      cancel: async () => undefined,
    },
    modelOf: ({ model = 'of the worker' }) => model,
  });
  const calls = [0, 1, 2, 3, 4].map((index) =>
    llmCall({ index, ...(index % 2 === 1 && { model: 'named' }) }),
  );
  const { handles, outcomes } = await new MockActivityEnvironment().run<
    [{ calls: LlmCall[] }],
    StartedCalls,
    typeof startLlmCalls
  >(startLlmCalls, { calls });
  expect(outcomes).toMatchObject([{ model: 'of the worker' }, { model: 'named' }]);
  const awaited = await new MockActivityEnvironment().run<
    [{ handles: LlmHandle[] }],
    { outcomes: LlmOutcome[] },
    typeof awaitLlmCalls
  >(awaitLlmCalls, { handles });
  expect(awaited.outcomes).toMatchObject([
    ...[{ model: 'of the worker' }, { model: 'named' }, { model: 'of the worker that made it' }],
  ]);
  for (const call of [calls[1]!, calls[3]!]) {
    const alone = await new MockActivityEnvironment().run<[LlmCall], LlmOutcome, typeof callLlm>(
      callLlm,
      call,
    );
    expect(alone).toMatchObject({ model: 'named' });
  }
});

it('counts a call that may have been taken, though it has no handle, and none that was not', async () => {
  const counted: unknown[] = [];
  const { startLlmCalls, callLlm } = createCallLlm({
    llmCalls: {
      start: ({ index }) =>
        Promise.resolve({ ...ended, index, ...(index === 0 && { usage: { ...ended.usage, llmCalls: 1 } }) }),
      wait: () => Promise.reject(new Error('not asked for')),
      cancel: async () => undefined,
    },
    countUsage: (call, { llmCalls }) => void (llmCalls > 0 && counted.push(call)),
  });
  const calls = [0, 1].map((index) => llmCall({ index, account: { tenant: 'acme' } }));
  await new MockActivityEnvironment().run<[{ calls: LlmCall[] }], StartedCalls, typeof startLlmCalls>(
    startLlmCalls,
    { calls },
  );
  expect(counted).toMatchObject([{ tenant: 'acme', pipeline: 'test-brief' }]);
  await new MockActivityEnvironment().run<[LlmCall], LlmOutcome, typeof callLlm>(callLlm, calls[0]!);
  expect(counted).toHaveLength(2);
});

it('callLlm gives the workflow a call that may have been made, also where all share the trouble, and waits for others itself', async () => {
  const outcomeWith = (calls: number) => {
    const unsure = { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message: 'no answer', shared: true } as const;
    const usage = { ...ended.usage, llmCalls: calls };
    const { callLlm } = createCallLlm({
      llmCalls: {
        start: ({ index }) => Promise.resolve({ index, startedAt: 0, endedAt: 0, ...unsure, usage }),
        wait: () => Promise.reject(new Error('not asked for')),
        cancel: async () => undefined,
      },
    });
    return new MockActivityEnvironment().run<[LlmCall], LlmOutcome, typeof callLlm>(callLlm, llmCall());
  };
  await expect(outcomeWith(1)).resolves.toMatchObject({ kind: 'retry', usage: { llmCalls: 1 } });
  await expect(outcomeWith(0)).rejects.toThrow('no answer');
});
