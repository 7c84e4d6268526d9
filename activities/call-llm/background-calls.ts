import { NotFoundError, type OpenAI } from 'openai';
import type { Response } from 'openai/resources/responses/responses';
import { markOf } from '../../contracts/confidential';
import type { JobLimits } from '../../contracts/limits';
import { noUsage } from '../../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome, StageFailure } from '../../contracts/stages';
import type { TaskPriority } from '../../contracts/task-priority';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { failedRequest, mayHaveBeenMade } from './classify-error';
import type { LlmCalls } from './llm-calls';
import { createFairLimit } from '../../runtime/fair-limit';
import type { LlmPrices } from '../../runtime/llm-prices';
import type { Logger } from '../../runtime/logger';
import { createCallFollower, type FollowCallsOptions } from './follow-calls';
import { soonAfter, withTimeout } from './http/with-timeout';
import { readResponse, usageOf } from './read-response';
import { toRequest } from './request';
import { createTroubleTeller } from './tell-trouble';
import { answerOf, UnreadableAnswerError } from './unreadable-answer';

export interface LlmCallsOptions {
  client: OpenAI;
  /** Of calls that name none. */
  model: string;
  /** Requests that may be under way to the provider at a time. */
  concurrency: number;
  pipelineNamed: (name: string) => Pipeline;
  /** Default: those without a payload store. */
  limits?: JobLimits;
  /** Without them no cost is known. */
  prices?: LlmPrices;
  /** Told of trouble that is waited out. */
  logger?: Pick<Logger, 'warn'>;
  /** By what else than polls the end of a call is noticed, and who counts polls. */
  following?: FollowCallsOptions;
}

/** Longest wait for the answer to a poll, which does not wait for the model. */
const POLL_TIMEOUT_MS = 10_000;

/**
 * Longest wait for the provider to accept a call. Generous, since one that is given up may have been taken, and be paid for; no longer, since the calls of a
 * pack are made together, and those that were taken are awaited when all have been.
 */
const CREATE_TIMEOUT_MS = 30_000;

/** So long a call that the provider is taking may go on to be taken when its activity has to stop. */
const STOPPING_MS = 10_000;

/**
 * Calls that run in the background of the provider (Responses API, `background: true`). Any worker can await them by id, so a
 * crash pays for no call twice. https://platform.openai.com/docs/guides/background
 */
export function createBackgroundCalls({
  client,
  model,
  concurrency,
  pipelineNamed,
  limits,
  prices,
  logger,
  following = {},
}: LlmCallsOptions): LlmCalls {
  // Apart from each other, so that thousands of polls of a slow provider do not keep new calls waiting; fair, so that thousands of
  // one tenant do not keep those of another waiting.
  const limitCreates = createFairLimit(concurrency);
  const limitPolls = createFairLimit(concurrency);
  const { follow, pause } = createCallFollower(following);
  const { ofError: readError, ofOutcome: tellOutcome } = createTroubleTeller(logger);

  return {
    async start(call, signal, turn) {
      const startedAt = Date.now();
      const expired = alreadyExpired(call, startedAt);
      if (expired) return expired;
      const stopping = soonAfter(signal, STOPPING_MS);
      let sentAt = Infinity;
      try {
        const body = toRequest(call, pipelineNamed(call.pipeline), model);
        const response = await limitCreates(
          turn,
          async () => {
            // Whoever takes over would not know of a call made after this attempt has ended.
            signal?.throwIfAborted();
            sentAt = Date.now();
            if (alreadyExpired(call, sentAt)) return undefined;
            return await withTimeout(
              CREATE_TIMEOUT_MS,
              (within) =>
                answerOf(
                  client.responses.create(
                    { ...body, background: true, store: true },
                    requestOptions(within, CREATE_TIMEOUT_MS, call),
                  ),
                ),
              stopping.signal,
            );
          },
          signal,
        );
        // Its time begins when it is made, however long the line before it was.
        return response ? toHandle(call, response.id, sentAt) : alreadyExpired(call, sentAt)!;
      } catch (error) {
        signal?.throwIfAborted();
        const endedAt = Date.now();
        const made = mayHaveBeenMade(error, endedAt - sentAt);
        return { index: call.index, startedAt, endedAt, ...failedRequest(readError(error, call), made) };
      } finally {
        stopping.end();
      }
    },

    async wait(handle, signal, turn) {
      const pipeline = pipelineNamed(handle.pipeline);
      // A fallback model takes its own time.
      const followed = follow(handle, `${handle.pipeline} ${handle.model ?? model}`);
      try {
        for (;;) {
          await followed.untilNextPoll(signal);
          const { response, rejected } = await poll(handle, signal, turn);
          const endedAt = Date.now();
          const base = { index: handle.index, startedAt: handle.startedAt, endedAt };
          if (response && response.status !== 'queued' && response.status !== 'in_progress') {
            followed.foundEnded();
            return {
              ...base,
              usage: usageOf(response, { prices, model: handle.model ?? model }),
              ...tellOutcome(readResponse(response, pipeline, limits), handle),
            };
          }
          // It was taken, so it has been paid for, though nobody can say how much.
          if (response === null) return { ...base, usage: { ...noUsage, llmCalls: 1 }, ...forgotten(handle) };
          if (response) followed.foundRunning();
          else followed.notAnswered();
          if (endedAt < handle.timeoutAt) continue;
          // An unreachable provider says nothing about the call, so it only ends a job by its deadline.
          if (!response && !rejected && !handle.expires) continue;
          await this.cancel(handle, turn);
          if (!rejected || handle.expires) return timedOut(handle, endedAt);
          return { ...base, usage: { ...noUsage, llmCalls: 1 }, ...rejected };
        }
      } finally {
        followed.close();
      }
    },

    async cancel(handle, turn) {
      const stop = (within: AbortSignal) =>
        client.responses.cancel(handle.callId, requestOptions(within, POLL_TIMEOUT_MS));
      await limitPolls(turn, () => withTimeout(POLL_TIMEOUT_MS, stop)).catch(() => undefined);
    },
  };

  async function poll(handle: LlmHandle, signal: AbortSignal, turn?: TaskPriority): Promise<Polled> {
    try {
      // Without `signal`: the client never takes its listener off again, and a poll is short.
      const response = await limitPolls(
        turn,
        () =>
          withTimeout(POLL_TIMEOUT_MS, (within) =>
            answerOf(client.responses.retrieve(handle.callId, {}, requestOptions(within, POLL_TIMEOUT_MS))),
          ),
        signal,
      );
      return { response };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NotFoundError) return { response: null };
      if (error instanceof UnreadableAnswerError) throw error;
      const failure = readError(error, handle);
      const { retryAfterMs = 1_000 } = failure;
      await pause(Math.min(Math.max(retryAfterMs, 250), 10_000), signal);
      return failure.kind === 'final' ? { rejected: failure } : {};
    }
  }
}

interface Polled {
  /** As it is now; null when the provider does not know it any more, absent when it could not be asked. */
  response?: Response | null;
  /** Why the provider will not be asked. That may pass too, as when a gateway is set up wrong for a moment. */
  rejected?: Omit<StageFailure, 'endedAt'>;
}

function requestOptions(within: AbortSignal, timeout: number, call?: LlmCall) {
  const headers = call?.traceparent === undefined ? undefined : { traceparent: call.traceparent };
  return { timeout, signal: within, headers };
}

/** How a call is told apart and when waiting for it ends. */
export function toHandle(call: LlmCall, callId: string, startedAt: number): LlmHandle {
  const { index, jobId, pipeline, timeoutMs, deadline, account } = call;
  const expires = deadline !== undefined && deadline < startedAt + timeoutMs;
  const handle = {
    ...markOf(call),
    index,
    jobId,
    ...(account?.tenant !== undefined && { tenant: account.tenant }),
    pipeline,
    ...(call.model !== undefined && { model: call.model }),
    callId,
    startedAt,
    timeoutAt: expires ? deadline : startedAt + timeoutMs,
  };
  return expires ? { ...handle, expires } : handle;
}

export function alreadyExpired({ index, deadline }: LlmCall, now: number): LlmOutcome | undefined {
  if (deadline === undefined || deadline > now) return undefined;
  return { index, startedAt: now, endedAt: now, usage: noUsage, kind: 'expired' };
}

/** The end of a call that took too long: for its job's deadline, or for its pipeline. */
export function timedOut(handle: LlmHandle, endedAt: number): LlmOutcome {
  const base = {
    index: handle.index,
    startedAt: handle.startedAt,
    endedAt,
    usage: { ...noUsage, llmCalls: 1 },
  };
  if (handle.expires) return { ...base, kind: 'expired' };
  const message = `no answer within ${handle.timeoutAt - handle.startedAt} ms`;
  return { ...base, kind: 'retry', code: 'HW_LLM_TIMEOUT', message };
}

function forgotten({ callId }: LlmHandle) {
  const message = `the provider no longer knows response ${callId}`;
  return { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message } as const;
}
