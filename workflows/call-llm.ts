import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { noUsage } from '../contracts/no-usage';
import type { LlmHandle, LlmOutcome, StartedCalls } from '../contracts/stages';
import { durableNow } from './durable-point';
import { deadlineExceeded, failureMessage, holderIsGone } from './failures';
import { finishWave, newWave } from './finish-wave';
import { addUsage, ended } from './job-progress';
import { afterFailure, backoffMs, nextCall } from './llm-attempts';
import type { Pack } from './pack';
import { chunksBySize, historyIsFull, jsonBytes } from './size';
import { showProgress } from './visible';

/** An outage is waited out by the pack for some hours; then its jobs go on one by one rather than end with its history. */
const LONG_OUTAGE_BYTES = 30 * 1024 * 1024;

/** Makes one LLM call for each of these jobs and sees every one of them to its end, side by side with all others. */
export function callLlm(pack: Pack, indexes: number[]): void {
  const sizeOf = (index: number) => jsonBytes(pack.job(index).prompt);
  for (const chunk of chunksBySize(indexes, sizeOf)) pack.work.add(callRound(pack, chunk));
}

async function callRound(pack: Pack, indexes: number[]): Promise<void> {
  const started = await startCalls(pack, indexes);
  if (started.outcomes.length > 0) pack.work.add(settle(pack, started.outcomes));
  let handles = started.handles;
  while (handles.length > 0) {
    const outcomes = await awaitSome(pack, handles, started.heldBy);
    if (outcomes === 'gone')
      return callLlm(
        pack,
        handles.map((handle) => handle.index),
      );
    const done = new Set(outcomes.map((outcome) => outcome.index));
    handles = handles.filter((handle) => !done.has(handle.index));
    // Settled beside the next wait, so that a slow publish holds up nothing.
    pack.work.add(settle(pack, outcomes));
  }
}

async function startCalls(pack: Pack, indexes: number[]): Promise<StartedCalls> {
  const calls = indexes.map((index) => nextCall(index, pack.job(index), pack.policy(index)));
  try {
    await pack.budget.room(jsonBytes(calls));
    return await pack.llm.start({ calls });
  } catch (error) {
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
  }
}

/** The next wave, or `gone` when the worker that held the calls open does not exist any more. */
async function awaitSome(pack: Pack, handles: LlmHandle[], heldBy?: string): Promise<LlmOutcome[] | 'gone'> {
  try {
    return (await pack.llm.await({ handles }, heldBy)).outcomes;
  } catch (error) {
    if (holderIsGone(error)) return 'gone';
    throw error;
  }
}

/** What became of these calls is in the history now: publish it, try again, or let the job leave. */
async function settle(pack: Pack, outcomes: LlmOutcome[]): Promise<void> {
  const wave = newWave();
  const again = new Map<number, number[]>();
  pack.answers += outcomes.filter((outcome) => outcome.kind === 'answer').length;
  for (const outcome of outcomes) {
    const { index, endedAt } = outcome;
    const job = pack.job(index);
    addUsage(job, outcome);
    if (outcome.kind === 'answer') {
      Object.assign(job, { stage: 'post-process', answer: outcome, answeredAt: endedAt });
      (historyIsFull() ? wave.leaving : wave.answered).push(index);
    } else if (outcome.kind === 'expired') {
      wave.ends.push({ index, item: ended(job, 'expired', deadlineExceeded, endedAt) });
    } else if (outcome.kind === 'bad-answer' && pack.policy(index).llm.repairAttempts > 0) {
      job.badAnswer = job.lastError = outcome;
      wave.leaving.push(index);
    } else if (outcome.kind === 'bad-answer') {
      wave.ends.push({ index, item: ended(job, 'failed', outcome, endedAt) });
    } else {
      const verdict = outcome.kind === 'final' ? 'fail' : afterFailure(pack, index, outcome);
      if (verdict === 'fail') wave.ends.push({ index, item: ended(job, 'failed', outcome, endedAt) });
      // Every round puts all its prompts into the history once more.
      const leaves = verdict === 'leave' || (verdict === 'again' && historyIsFull(LONG_OUTAGE_BYTES));
      if (leaves) wave.leaving.push(index);
      else if (verdict === 'again') {
        const waitMs = backoffMs(job, pack.policy(index), outcome.retryAfterMs);
        again.set(waitMs, [...(again.get(waitMs) ?? []), index]);
      }
    }
  }
  for (const [waitMs, indexes] of again) pack.work.add(tryAgain(pack, indexes, waitMs));
  // A job whose end is known is not cancelled any more: its result may be on its way.
  await CancellationScope.nonCancellable(() => finishWave(pack, { ...wave, durable: true }));
  showProgress(pack.jobs);
}

async function tryAgain(pack: Pack, indexes: number[], waitMs: number): Promise<void> {
  await sleep(waitMs);
  callLlm(pack, indexes);
}
