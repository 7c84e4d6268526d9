import { randomUUID } from 'node:crypto';
import { APIConnectionTimeoutError } from 'openai';
import { noUsage } from '../../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../contracts/stages';
import { jsonBytes } from '../batch';
import { alreadyExpired, timedOut, toHandle, type LlmCallsOptions } from './background-calls';
import { classifyError, failedRequest, mayHaveBeenMade } from './classify-error';
import type { LlmCalls } from './llm-calls';
import { withTimeout } from './http/with-timeout';
import { readResponse, usageOf } from './read-response';
import { toRequest } from './request';
import { viaResponses, type Respond } from './respond';
import { createTroubleTeller } from './tell-trouble';
import { reading } from './unreadable-answer';

/** How long an outcome is kept, delivered or not: a workflow that is gone asks no more. */
const KEPT_MS = 10 * 60_000;
/** Of the outcomes that were delivered, which are only asked for again when they were lost on their way. */
const DELIVERED_MAX_BYTES = 64 * 1024 * 1024;

interface HeldCall {
  outcome: Promise<LlmOutcome>;
  abort: AbortController;
}

export interface InlineCalls extends LlmCalls {
  /** Makes a call and waits for its outcome. Never rejects. */
  ask(call: LlmCall, startedAt: number, signal: AbortSignal, respond?: Respond): Promise<LlmOutcome>;
  /** A handle for a call that this process has made otherwise. `abort` ends it. */
  hold(call: LlmCall, startedAt: number, outcome: Promise<LlmOutcome>, abort: AbortController): LlmHandle;
}

/**
 * Calls for providers without background mode: the request is held open in this process, which alone can await it (`heldBy`). When
 * the process is gone, the calls whose outcomes are not in the history yet are made again elsewhere.
 *
 * An outcome is kept until ten minutes after its call has ended. Of those that went to their workflows only the latest are kept, `deliveredMaxBytes`
 * together; all others are still waited for, or were until their workflow ended less than ten minutes ago.
 */
export function createInlineCalls(
  options: LlmCallsOptions,
  heldBy: string,
  respond: Respond = viaResponses(options.client),
  deliveredMaxBytes = DELIVERED_MAX_BYTES,
): InlineCalls {
  const held = new Map<string, HeldCall>();
  /** Bytes of the outcomes that were delivered, in that order. */
  const delivered = new Map<string, number>();
  let deliveredBytes = 0;
  const { ofError: readError, ofOutcome: tellOutcome } = createTroubleTeller(options.logger);

  return {
    heldBy,

    start(call) {
      const startedAt = Date.now();
      const expired = alreadyExpired(call, startedAt);
      if (expired) return Promise.resolve(expired);
      const abort = new AbortController();
      return Promise.resolve(hold(call, startedAt, ask(call, startedAt, abort.signal), abort));
    },

    ask,
    hold,

    async wait(handle, signal) {
      const call = held.get(handle.callId);
      if (!call) {
        const message = 'the worker that made the call no longer holds it';
        const failure = { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message, shared: true } as const;
        return {
          index: handle.index,
          startedAt: handle.startedAt,
          endedAt: Date.now(),
          usage: noUsage,
          ...failure,
        };
      }
      return await Promise.race([call.outcome, rejectOn(signal)]);
    },

    settle({ callId }, outcome) {
      if (!held.has(callId)) return;
      notDelivered(callId);
      const bytes = jsonBytes(outcome);
      delivered.set(callId, bytes);
      deliveredBytes += bytes;
      for (const oldest of delivered.keys()) {
        if (deliveredBytes <= deliveredMaxBytes) break;
        forget(oldest);
      }
    },

    cancel(handle) {
      held.get(handle.callId)?.abort.abort();
      return Promise.resolve();
    },
  };

  function hold(
    call: LlmCall,
    startedAt: number,
    outcome: Promise<LlmOutcome>,
    abort: AbortController,
  ): LlmHandle {
    const callId = randomUUID();
    held.set(callId, { outcome, abort });
    void outcome.then(() => setTimeout(() => forget(callId), KEPT_MS).unref());
    return { ...toHandle(call, callId, startedAt), heldOpen: true };
  }

  function forget(callId: string): void {
    held.delete(callId);
    notDelivered(callId);
  }

  function notDelivered(callId: string): void {
    deliveredBytes -= delivered.get(callId) ?? 0;
    delivered.delete(callId);
  }

  async function ask(
    call: LlmCall,
    startedAt: number,
    signal: AbortSignal,
    send = respond,
  ): Promise<LlmOutcome> {
    const { model, pipelineNamed, limits, prices } = options;
    const handle = toHandle(call, '', startedAt);
    const timeout = handle.timeoutAt - startedAt;
    try {
      const pipeline = pipelineNamed(call.pipeline);
      const request = toRequest(call, pipeline, model);
      const response = await withTimeout(
        timeout,
        (within) => send(request, { timeout, signal: within, headers: traceHeadersOf(call) }),
        signal,
      );
      const endedAt = Date.now();
      return reading(() => {
        const usage = usageOf(response, { prices, model: call.model ?? model });
        const read = tellOutcome(readResponse(response, pipeline, limits), call);
        return { index: call.index, startedAt, endedAt, usage, ...read };
      });
    } catch (error) {
      if (error instanceof APIConnectionTimeoutError) return timedOut(handle, Date.now());
      // One that we have given up is no trouble of the provider.
      const failure = signal.aborted ? classifyError(error) : readError(error, call);
      const endedAt = Date.now();
      const made = mayHaveBeenMade(error, endedAt - startedAt, true);
      return { index: call.index, startedAt, endedAt, ...failedRequest(failure, made, true) };
    }
  }
}

function traceHeadersOf({ traceparent }: LlmCall): Record<string, string> | undefined {
  return traceparent === undefined ? undefined : { traceparent };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
