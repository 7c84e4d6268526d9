import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { PipelinePolicy } from '../contracts/policy';
import type { LlmHandle, StartCalls } from '../contracts/stages';
import type { TaskPriority } from '../contracts/task-priority';
import type { Activities } from '../activities';
import { afterAllElse } from './durable-point';
import { oneAtATime } from './one-at-a-time';
import { jsonBytes } from './size';
import type { TaskBudget } from './task-budget';

/** How long a short stage may try as a local activity before it becomes an ordinary one, visible in Temporal UI. */
const LOCAL_TIMEOUT_MS = 3_000;

/** Bounds the loss of a task between server and worker as well as a worker's crash. */
const HEARTBEAT_TIMEOUT_MS = 10_000;

const backoff = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/**
 * The short stages, local first: a local activity costs the server nothing, but holds up its workflow task. When it
 * fails within its short limit the trouble is shared (database or Kafka away), and an ordinary activity
 * with endless, visible retries takes over. The price is a possible second run, so the stages are harmless to repeat.
 */
export function shortStages(policies: PipelinePolicy[], budget: TaskBudget) {
  const longest = (timeout: (policy: PipelinePolicy) => number) => Math.max(...policies.map(timeout));
  const giveUpAfterMs = longest((policy) => policy.giveUpAfterMs);
  const turns: Turns = { inTurn: oneAtATime(), budget, isUnderWay: false };
  return {
    enrichJobs: localFirst(
      turns,
      'enrichJobs',
      longest((policy) => policy.enrich.timeoutMs),
      giveUpAfterMs,
    ),
    postProcess: localFirst(
      turns,
      'postProcess',
      longest((policy) => policy.postProcess.timeoutMs),
      giveUpAfterMs,
    ),
    // Nothing is ever given up once it only waits to be published.
    publishResults: localFirst(turns, 'publishResults', LOCAL_TIMEOUT_MS, undefined),
    /** Returns when the local activities are over that have been asked for, and their callers have gone on. */
    afterThose: () => turns.inTurn(() => Promise.resolve()),
    /** Whether a local activity runs. `Date.now()` of what comes meanwhile is later in a replay, that of its end, and must decide about no commands. */
    isUnderWay: () => turns.isUnderWay,
  };
}

/**
 * The LLM stage of a pack: start the calls, then await them in waves. Both on the LLM task queue. A single call is awaited by the activity that
 * starts it (`stay`), which costs four state transitions less; its id stands in the heartbeat then, and not in the history.
 */
export function llmStage(taskQueue: string, policies: PipelinePolicy[]) {
  const giveUpAfterMs = Math.max(...policies.map((policy) => policy.giveUpAfterMs));
  const longestCallMs = Math.max(...policies.map((policy) => policy.llm.timeoutMs));
  const startOptions = {
    taskQueue,
    // Generous, since the heartbeat bounds a loss: a provider may be slow to take calls.
    startToCloseTimeout: '5m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    scheduleToCloseTimeout: giveUpAfterMs,
    retry: backoff,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  } as const;
  const start = proxyActivities<Activities>(startOptions);
  const startAndStay = proxyActivities<Activities>({
    ...startOptions,
    startToCloseTimeout: longestCallMs + 6 * 60_000,
    scheduleToCloseTimeout: giveUpAfterMs + longestCallMs,
    retry: { ...backoff, initialInterval: '200ms' },
  });
  const awaitOptions = {
    startToCloseTimeout: longestCallMs + 60_000,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: { ...backoff, initialInterval: '200ms' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  } as const;
  const awaitAnywhere = { ...awaitOptions, taskQueue };
  /** For calls a certain worker holds open. When it is gone the task is not picked up, and the calls are made again. */
  const awaitAt = (heldBy: string) =>
    ({ ...awaitOptions, taskQueue: heldBy, scheduleToStartTimeout: '10s' }) as const;
  return {
    start(request: StartCalls, priority: TaskPriority) {
      const { startLlmCalls } = request.stay ? startAndStay : start;
      const summary = count(request.calls, 'call');
      return startLlmCalls.executeWithOptions({ summary, priority }, [request]);
    },
    /** Stops calls at the provider; one try more where that fails. */
    cancel: (request: { handles: LlmHandle[] }, heldBy?: string) =>
      proxyActivities<Activities>({
        taskQueue: heldBy ?? taskQueue,
        startToCloseTimeout: '30s',
        scheduleToCloseTimeout: '2m',
        retry: { ...backoff, maximumAttempts: 2 },
        summary: `stop ${count(request.handles, 'call')}`,
      }).cancelLlmCalls(request),
    await: (request: { handles: LlmHandle[] }, priority: TaskPriority, heldBy?: string) =>
      proxyActivities<Activities>({
        ...(heldBy === undefined ? awaitAnywhere : awaitAt(heldBy)),
        priority,
        summary: count(request.handles, 'call'),
      }).awaitLlmCalls(request),
  };
}

/**
 * The stages of a job that runs as a workflow of its own: ordinary activities under Temporal's retry policies. Their attempts count
 * trouble of the job only; while a system is away the workflow waits and begins anew.
 */
export function ownStages(policy: PipelinePolicy, llmTaskQueue: string) {
  return {
    enrich: proxyActivities<Activities>({
      startToCloseTimeout: policy.enrich.timeoutMs + 5_000,
      scheduleToCloseTimeout: policy.giveUpAfterMs,
      retry: {
        ...backoff,
        maximumAttempts: policy.enrich.attempts,
        nonRetryableErrorTypes: ['HW_UNAVAILABLE'],
      },
    }).enrichJob,
    callLlm: (attempt: number) =>
      proxyActivities<Activities>({
        taskQueue: llmTaskQueue,
        startToCloseTimeout: policy.llm.timeoutMs + 60_000,
        scheduleToCloseTimeout: policy.giveUpAfterMs,
        heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
        // Only trouble that others share is thrown, so attempts are not counted here.
        retry: { initialInterval: policy.llm.backoffMs, maximumInterval: policy.llm.maxBackoffMs },
        cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary: `call ${attempt}`,
      }).callLlm,
    postProcess: proxyActivities<Activities>({
      startToCloseTimeout: policy.postProcess.timeoutMs + 5_000,
      scheduleToCloseTimeout: policy.giveUpAfterMs,
      retry: {
        ...backoff,
        maximumAttempts: policy.postProcess.attempts,
        nonRetryableErrorTypes: ['HW_UNAVAILABLE'],
      },
    }).postProcessJob,
    publish: proxyActivities<Activities>({ startToCloseTimeout: '30s', retry: backoff }).publishResults,
  };
}

type ShortStage = 'enrichJobs' | 'postProcess' | 'publishResults';

/** @param onTrouble called before the ordinary activity takes over */
type LocalFirst<Name extends ShortStage> = (
  request: Parameters<Activities[Name]>[0],
  onTrouble?: () => void,
) => ReturnType<Activities[Name]>;

interface Turns {
  inTurn: ReturnType<typeof oneAtATime>;
  budget: TaskBudget;
  isUnderWay: boolean;
}

function localFirst<Name extends ShortStage>(
  turns: Turns,
  name: Name,
  timeoutMs: number,
  giveUpAfterMs: number | undefined,
): LocalFirst<Name> {
  const { inTurn, budget } = turns;
  type Stage = (request: object) => Promise<unknown>;
  const local = (summary: string) =>
    proxyLocalActivities<Activities>({
      // The stage itself ends in time, and says more than a timeout would.
      startToCloseTimeout: timeoutMs + 1_000,
      scheduleToCloseTimeout: Math.max(LOCAL_TIMEOUT_MS, timeoutMs + 1_000),
      retry: { initialInterval: '200ms', maximumAttempts: 2 },
      summary,
    })[name] as Stage;
  const ordinary = (summary: string) =>
    proxyActivities<Activities>({
      startToCloseTimeout: timeoutMs + 30_000,
      scheduleToCloseTimeout: giveUpAfterMs,
      retry: backoff,
      summary,
    })[name] as Stage;
  const stage = async (request: object, onTrouble?: () => void): Promise<unknown> => {
    const [list] = Object.values(request).filter(Array.isArray);
    const summary = count(list ?? [], 'job');
    try {
      return await inTurn(async () => {
        await budget.anyRoom();
        turns.isUnderWay = true;
        try {
          const response = await comingLast(local(summary)(request));
          budget.spend(jsonBytes(response));
          return response;
        } finally {
          turns.isUnderWay = false;
        }
      });
    } catch (error) {
      if (isCancellation(error)) throw error;
      onTrouble?.();
      // Without what a history of before did not count: where a new task begins has to stay the same.
      await budget.room(jsonBytes({ ...request, mayFail: undefined }));
      return await ordinary(`${summary}, after trouble`)(request);
    }
  };
  return stage as LocalFirst<Name>;
}

/**
 * Conditions that one after the other may let go on what came together with the end of a local activity, until it asks for a command or waits for what has not come yet. One is the most there
 * is at present (a cancel that waits for its job to leave); another number would order the commands of workflows in flight anew.
 */
const CONDITIONS_MAX = 4;

/**
 * The end of a local activity, taken up after everything that was brought together with it. While the activity runs through several workflow tasks, what came
 * meanwhile has come as far as it can when it ends; a replay brings both at once, and what they do next has to be in the same order.
 */
async function comingLast<T>(activity: Promise<T>): Promise<T> {
  try {
    return await activity;
  } finally {
    await CancellationScope.nonCancellable(async () => {
      for (let next = 0; next <= CONDITIONS_MAX; next++) await afterAllElse();
    });
  }
}

function count(list: unknown[], noun: string): string {
  return list.length === 1 ? `1 ${noun}` : `${list.length} ${noun}s`;
}
