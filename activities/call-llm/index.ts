import { activityInfo, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Counter, Gauge, Histogram } from 'prom-client';
import type { LlmCall, LlmHandle, LlmOutcome, StartCalls, StartedCalls } from '../../contracts/stages';
import { DEFAULT_PRIORITY, type TaskPriority } from '../../contracts/task-priority';
import { cutBySize } from '../batch';
import { holdAlive, stopReason, workflowHasEnded } from './activity-life';
import { awaitOne } from './await-one';
import type { CountUsage } from './money/count-usage';
import type { LlmCalls } from './llm-calls';
import { lostCalls } from './lost-calls';
import { nextWave } from './next-wave';
import { startOne } from './start-one';
import { createHandleTeller } from './tell-handles';

export interface CallLlmDependencies {
  llmCalls: LlmCalls;
  llmMetrics?: { ended: Counter<'outcome'>; duration: Histogram; inFlight: Gauge };
  countUsage?: CountUsage;
  /** The model that is asked by a call, which itself may name none. */
  modelOf?: (call: Pick<LlmCall, 'model'>) => string;
}

export function createCallLlm({ llmCalls, llmMetrics, countUsage, modelOf }: CallLlmDependencies) {
  return {
    /**
     * Makes one call for each job and returns at once; with `stay`, when a single call has ended. What was made is kept in the heartbeat, so
     * an attempt that takes over makes only the calls that are missing there.
     */
    async startLlmCalls({ calls, stay }: StartCalls): Promise<StartedCalls> {
      const { held, lost } = callsOfBefore();
      const made = new Map(held.map((handle) => [handle.index, handle]));
      const outcomes: LlmOutcome[] = [];
      const turn = ownTurn();
      const handlesMade = () => [...made.values()];
      const toTell = () => [...lost.handles, ...handlesMade()];
      const life = holdAlive(toTell);
      const teller = createHandleTeller(toTell, calls.length);
      try {
        if (lost.handles.length > 0) await lost.settle(llmCalls);
        // All of them, also when one gave up since the activity has to stop: the provider may be taking others at this moment,
        // and whoever takes over has to know of these.
        const ends = await Promise.allSettled(
          calls.map(async (call) => {
            if (made.has(call.index)) return;
            const started = await startOne(llmCalls, lost.charge(call), life.signal, turn);
            if ('kind' in started)
              return void outcomes.push(lost.addTo(asked(call, notTaken(call, started))));
            made.set(started.index, started);
            teller.made();
          }),
        );
        for (const end of ends) if (end.status === 'rejected') throw end.reason;
        const handles = handlesMade();
        const [only] = handles;
        if (stay && only && calls.length === 1)
          return { handles: [], outcomes: [lost.addTo(await awaitEnd(only, life.signal, turn))] };
        const heldBy = handles.some(({ heldOpen }) => heldOpen) ? llmCalls.heldBy : undefined;
        return { handles, outcomes, heldBy };
      } catch (error) {
        teller.tellRest();
        throw await stopped(handlesMade(), error, true);
      } finally {
        teller.end();
        life.end();
      }
    },

    /**
     * Waits until some of the calls have ended, and a moment longer for others that end together with them.
     *
     * @throws CancelledFailure after cancelling the calls, when the workflow was cancelled; a retryable
     * ApplicationFailure when only this worker stops
     */
    async awaitLlmCalls({ handles }: { handles: LlmHandle[] }): Promise<{ outcomes: LlmOutcome[] }> {
      const life = holdAlive();
      const turn = ownTurn();
      llmMetrics?.inFlight.inc(handles.length);
      try {
        const outcomes = cutBySize(
          await nextWave(handles, life.signal, async (handle, signal) =>
            asked(handle, await awaitOne(llmCalls, handle, signal, turn, activityInfo().attempt)),
          ),
        );
        for (const outcome of outcomes) {
          const handle = handles.find(({ index }) => index === outcome.index);
          settle(outcome, handle!);
        }
        return { outcomes };
      } catch (error) {
        throw await stopped(handles, error);
      } finally {
        llmMetrics?.inFlight.dec(handles.length);
        life.end();
      }
    },

    /** Stops calls whose jobs were cancelled or have expired. One that cannot be stopped is left to its own end. */
    async cancelLlmCalls({ handles }: { handles: LlmHandle[] }): Promise<void> {
      await Promise.all(handles.map((handle) => llmCalls.cancel(handle)));
    },

    /**
     * One call from beginning to end, for a job that runs as its own workflow. Resumes the call of an earlier attempt.
     *
     * @throws ApplicationFailure, retryable after the wait the provider asked for, when the trouble is shared and no call was made; otherwise as
     * `awaitLlmCalls`
     */
    async callLlm(call: LlmCall): Promise<LlmOutcome> {
      const { held: made, lost } = callsOfBefore();
      const turn = ownTurn();
      const toTell = () => [...lost.handles, ...made];
      // From the beginning: a call may have to wait long until it is made.
      const life = holdAlive(toTell);
      try {
        if (lost.handles.length > 0) await lost.settle(llmCalls);
        if (made.length === 0) {
          const returned = activityInfo().attempt > 1;
          const started = await startOne(llmCalls, lost.charge({ ...call, returned }), life.signal, turn);
          if ('kind' in started) return lost.addTo(asked(call, unlessShared(notTaken(call, started))));
          made.push(started);
          heartbeat(toTell());
        }
        const [handle] = made as [LlmHandle];
        return lost.addTo(await awaitEnd(handle, life.signal, turn));
      } catch (error) {
        throw await stopped(made, error, true);
      } finally {
        life.end();
      }
    },
  };

  /** The place that the workflow gave to this activity. Old servers do not tell it; then all have the same. */
  function ownTurn(): TaskPriority {
    const { priorityKey, fairnessKey } = activityInfo().priority ?? {};
    return { priorityKey: priorityKey || DEFAULT_PRIORITY, fairnessKey };
  }

  /** Calls that earlier attempts made. Those that a process held open ended with it (`lost`). */
  function callsOfBefore() {
    const details: unknown = activityInfo().heartbeatDetails;
    const handles = Array.isArray(details) ? (details as LlmHandle[]) : [];
    return { held: handles.filter(({ heldOpen }) => !heldOpen), lost: lostCalls(handles) };
  }

  async function awaitEnd(handle: LlmHandle, signal: AbortSignal, turn: TaskPriority): Promise<LlmOutcome> {
    llmMetrics?.inFlight.inc();
    try {
      const outcome = asked(handle, await awaitOne(llmCalls, handle, signal, turn, activityInfo().attempt));
      settle(outcome, handle);
      return outcome;
    } finally {
      llmMetrics?.inFlight.dec();
    }
  }

  /** With the model of a call that came to nothing. An answer says itself whose it is. */
  function asked(call: Pick<LlmHandle, 'model' | 'reserved'>, outcome: LlmOutcome): LlmOutcome {
    const cameToNothing = outcome.kind === 'bad-answer' || outcome.kind === 'final';
    // The worker that made the call may have another model than this one.
    const model = call.model ?? call.reserved?.model;
    return cameToNothing && modelOf ? { ...outcome, model: modelOf({ model }) } : outcome;
  }

  /** The outcome is returned to the workflow. */
  function settle(outcome: LlmOutcome, handle: LlmHandle): void {
    llmCalls.settle?.(handle, outcome);
    countUsage?.(handle, outcome.usage);
    llmMetrics?.ended.inc({ outcome: outcome.kind });
    llmMetrics?.duration.observe((outcome.endedAt - outcome.startedAt) / 1_000);
  }

  /** It took no time that would say anything. */
  function notTaken({ account, pipeline, model }: LlmCall, outcome: LlmOutcome): LlmOutcome {
    countUsage?.({ tenant: account?.tenant, pipeline, model }, outcome.usage);
    if (!('notMade' in outcome)) llmMetrics?.ended.inc({ outcome: outcome.kind });
    return outcome;
  }

  /**
   * A worker that stops leaves the calls alone; only a cancelled workflow gives them up. With `madeHere` nobody else may know of the calls: when the
   * workflow has ended meanwhile, however it did, they are given up too, and those that this process holds open whenever somebody else has the
   * task, since another attempt makes them anew.
   */
  async function stopped(handles: LlmHandle[], error: unknown, madeHere = false): Promise<unknown> {
    const reason = stopReason();
    const unwanted = async () => {
      if (reason === 'cancelled') return handles;
      if (reason !== 'lost' || !madeHere) return [];
      return (await workflowHasEnded()) ? handles : handles.filter(({ heldOpen }) => heldOpen);
    };
    await Promise.all((await unwanted()).map((handle) => llmCalls.cancel(handle)));
    if (reason === 'shutdown')
      return ApplicationFailure.retryable('The worker is shutting down.', 'WorkerShutdown');
    return error;
  }
}

/** Trouble that all share is waited out under the retry policy of the activity. A call that may have been made goes to the workflow, which counts it. */
function unlessShared(outcome: LlmOutcome): LlmOutcome {
  if (outcome.kind !== 'retry' || !outcome.shared || outcome.usage.llmCalls > 0) return outcome;
  throw ApplicationFailure.create({
    message: outcome.message,
    type: outcome.code,
    nextRetryDelay: outcome.retryAfterMs,
  });
}
