import { CancellationScope, isCancellation, patched, sleep, TemporalFailure } from '@temporalio/workflow';
import { noUsage } from '../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome, StartedCalls } from '../contracts/stages';
import type { TaskPriority } from '../contracts/task-priority';
import { callGroups } from './call-groups';
import { countsLasting } from './counts-lasting';
import { durableNow } from './durable-point';
import { deadlineExceeded, failureMessage, holderIsGone } from './failures';
import { decide, finishWave, newWave } from './finish-wave';
import { addUsage, ended } from './job-progress';
import { afterFailure, backoffMs, bytesOfCalls, lostWithHolder, nextCall } from './llm-attempts';
import { mayAskOtherwise } from './may-ask-otherwise';
import { mayRepairAgain } from './may-repair-again';
import { failureOf, otherCall } from './other-call';
import type { Pack } from './pack';
import { chunksBySize, historyIsFull, jsonBytes } from './size';
import { showProgress } from './visible';

/** An outage is waited out by the pack for some hours; then its jobs go on one by one rather than end with its history. */
const LONG_OUTAGE_BYTES = 30 * 1024 * 1024;

/** Makes one LLM call for each of these jobs and sees every one of them to its end, side by side with all others. */
export function callLlm(pack: Pack, indexes: number[]): void {
  const sizeOf = (index: number) => jsonBytes(pack.job(index).prompt);
  const open = indexes.filter((index) => pack.isOpen(index));
  for (const group of callGroups(pack, open)) {
    for (const chunk of chunksBySize(group.indexes, sizeOf)) {
      pack.work.add(callRound(pack, chunk, group.priority));
    }
  }
}

async function callRound(pack: Pack, indexes: number[], priority: TaskPriority): Promise<void> {
  const started = await startCalls(pack, indexes, priority);
  if (started.outcomes.length > 0) pack.work.add(settle(pack, started.outcomes));
  const { heldBy } = started;
  const unwanted = started.handles.filter(({ index }) => !pack.isOpen(index));
  if (unwanted.length > 0) pack.work.add(stopCalls(pack, unwanted, heldBy));
  let handles = started.handles;
  for (;;) {
    handles = handles.filter(({ index }) => pack.isOpen(index));
    if (handles.length === 0) return;
    const outcomes = await awaitSome(pack, handles, priority, heldBy);
    if (outcomes === 'gone') return await endWithHolder(pack, handles);
    const done = new Set(outcomes.map((outcome) => outcome.index));
    handles = handles.filter((handle) => !done.has(handle.index));
    // Settled beside the next wait, so that a slow publish holds up nothing.
    pack.work.add(settle(pack, outcomes));
  }
}

async function startCalls(pack: Pack, indexes: number[], priority: TaskPriority): Promise<StartedCalls> {
  pack.callsBeingMade += 1;
  const calls = indexes.map((index) => nextCall(index, pack.job(index), pack.policy(index)));
  let staying: ReturnType<typeof startAndStay> | undefined;
  try {
    await pack.budget.room(bytesOfCalls(calls));
    const [only, ...others] = calls;
    if (only && others.length === 0 && pack.isOpen(only.index)) staying = startAndStay(pack, only, priority);
    return await (staying?.started ?? pack.llm.start({ calls }, priority));
  } catch (error) {
    if (isCancellation(error) && staying && indexes.every((index) => !pack.isOpen(index)))
      return { handles: [], outcomes: [] };
    if (isCancellation(error)) throw error;
    const now = await durableNow();
    const failure = { kind: 'final', code: 'HW_LLM_UNAVAILABLE', message: failureMessage(error) } as const;
    const outcomes = indexes.map((index) => ({
      index,
      ...failure,
      usage: noUsage,
      startedAt: now,
      endedAt: now,
    }));
    return { handles: [], outcomes };
  } finally {
    staying?.close();
    pack.callsBeingMade -= 1;
    pack.stopIfDone();
  }
}

/** A single call, and its end. Once its job has ended, the activity that has the call is told to stop it. */
function startAndStay(
  pack: Pack,
  call: LlmCall,
  priority: TaskPriority,
): { started: Promise<StartedCalls>; close(): void } {
  const scope = new CancellationScope();
  const onEnd = (index: number) => {
    // Workflows of before waited for the handle, and stopped the call then.
    if (index === call.index && patched('stop-staying-calls')) scope.cancel();
  };
  pack.watchers.add(onEnd);
  // Awaited outside of its scope, as in `awaitSome`.
  let started: Promise<StartedCalls>;
  scope.run(() => (started = pack.llm.start({ calls: [call], stay: true }, priority))).catch(() => undefined);
  return { started: started!, close: () => pack.watchers.delete(onEnd) };
}

/** The next wave, or `gone` when the worker that held the calls open does not exist any more. */
async function awaitSome(
  pack: Pack,
  handles: LlmHandle[],
  priority: TaskPriority,
  heldBy?: string,
): Promise<LlmOutcome[] | 'gone'> {
  const waiting = new CancellationScope();
  const onEnd = (index: number) => {
    const handle = handles.find((one) => one.index === index);
    if (!handle) return;
    // Not left to the waiting, which may be on no worker just now.
    pack.work.add(stopCalls(pack, [handle], heldBy));
    if (!handles.some((one) => pack.isOpen(one.index))) waiting.cancel();
  };
  pack.watchers.add(onEnd);
  // Awaited outside of its scope: in histories of before there was none, and what ends at once must go on in the same order.
  let answer: ReturnType<Pack['llm']['await']>;
  waiting.run(() => (answer = pack.llm.await({ handles }, priority, heldBy))).catch(() => undefined);
  try {
    return (await answer!).outcomes;
  } catch (error) {
    if (holderIsGone(error)) return 'gone';
    const unwanted = isCancellation(error) && handles.every(({ index }) => !pack.isOpen(index));
    if (!unwanted) throw error;
    return [];
  } finally {
    pack.watchers.delete(onEnd);
  }
}

/** Calls whose worker is gone are made again as after any trouble that jobs share: it may have ended because of one of their answers. */
async function endWithHolder(pack: Pack, handles: LlmHandle[]): Promise<void> {
  // In workflows of before they were made again at once, as if they had never been made.
  if (!patched('gone-counts'))
    return callLlm(
      pack,
      handles.map(({ index }) => index),
    );
  const setAside = handles.filter(({ held }) => held?.id !== undefined);
  // By any worker: it settles what was set aside for their cost.
  if (setAside.length > 0) pack.work.add(stopCalls(pack, setAside));
  const endedAt = await durableNow();
  await settle(
    pack,
    handles.map((handle) => lostWithHolder(handle, endedAt)),
  );
}

/** Stops calls at the provider whose jobs have ended meanwhile. What cannot be stopped is paid for, and read by nobody. */
async function stopCalls(pack: Pack, handles: LlmHandle[], heldBy?: string): Promise<void> {
  try {
    await CancellationScope.nonCancellable(() => pack.llm.cancel({ handles }, heldBy));
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
  }
}

/** What became of these calls is in the history now: publish it, try again, or let the job leave. */
async function settle(pack: Pack, outcomes: LlmOutcome[]): Promise<void> {
  const wave = newWave();
  const again = new Map<number, number[]>();
  const atOnce: number[] = [];
  // Jobs whose waits are the same are tried again together, so the clock has no say in it.
  const now = pack.deadlinesAreDurable ? Math.max(...outcomes.map(({ endedAt }) => endedAt)) : Date.now();
  pack.answers += outcomes.filter((outcome) => outcome.kind === 'answer').length;
  for (const outcome of outcomes) {
    const { index, endedAt } = outcome;
    // Cancelled or expired meanwhile: its result is on its way.
    if (!pack.isOpen(index)) continue;
    const job = pack.job(index);
    addUsage(job, outcome);
    if (outcome.kind === 'answer') {
      Object.assign(job, { stage: 'post-process', answer: outcome, answeredAt: endedAt });
      (historyIsFull() ? wave.leaving : wave.answered).push(index);
    } else if (outcome.kind === 'expired') {
      decide(pack, wave.ends, index, ended(job, 'expired', deadlineExceeded, endedAt));
    } else if (outcome.kind !== 'retry') {
      const next = otherCall(job, pack.policy(index), outcome, mayAskOtherwise, mayRepairAgain);
      // As a whole: histories of before have it so, and its size decides about timers.
      if (next === 'mend') job.lastError = outcome;
      else if (next) job.lastError = { code: outcome.code, message: outcome.message };
      else decide(pack, wave.ends, index, ended(job, 'failed', failureOf(job, outcome), endedAt));
      // A model that is gone is trouble of whole packs, which must not turn into workflows.
      if (next === 'ask' && !historyIsFull()) atOnce.push(index);
      else if (next) wave.leaving.push(index);
    } else {
      const verdict = afterFailure(pack, index, outcome, countsLasting);
      if (verdict === 'fail') decide(pack, wave.ends, index, ended(job, 'failed', outcome, endedAt));
      // Every round puts all its prompts into the history once more.
      const leaves = verdict === 'leave' || (verdict === 'again' && historyIsFull(LONG_OUTAGE_BYTES));
      if (leaves) wave.leaving.push(index);
      else if (verdict === 'again') {
        const waitMs = backoffMs(job, pack.policy(index), outcome.retryAfterMs, now);
        job.nextAttemptAt = Date.now() + waitMs;
        again.set(waitMs, [...(again.get(waitMs) ?? []), index]);
      }
    }
  }
  for (const [waitMs, indexes] of again) pack.work.add(tryAgain(pack, indexes, waitMs));
  if (atOnce.length > 0) callLlm(pack, atOnce);
  // A job whose end is known is not cancelled any more: its result may be on its way.
  await CancellationScope.nonCancellable(() => finishWave(pack, { ...wave, durable: true }));
  showProgress(pack.jobs);
}

async function tryAgain(pack: Pack, indexes: number[], waitMs: number): Promise<void> {
  await sleep(waitMs);
  callLlm(pack, indexes);
}
