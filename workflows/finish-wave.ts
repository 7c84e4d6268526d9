import { isCancellation, patched } from '@temporalio/workflow';
import { markOf } from '../contracts/confidential';
import { ALWAYS_TAKEN_BYTES } from '../contracts/limits';
import type { PostProcessItem, PostProcessOutcome, PublishItem } from '../contracts/stages';
import { durableNow, durablePoint } from './durable-point';
import { failureMessage } from './failures';
import { completed, ended, toPostProcess } from './job-progress';
import { leavePack } from './leave-pack';
import type { Pack } from './pack';
import { chunksBySize, jsonBytes } from './size';
import { untilTaken } from './until-taken';

export interface JobEnd {
  index: number;
  item: PublishItem;
}

/** Jobs of a pack that take their last steps together. */
export interface Wave {
  /** Have an answer that still has to be post-processed. */
  answered: number[];
  /** Have their result already. */
  ends: JobEnd[];
  /** Go on as workflows of their own. */
  leaving: number[];
  /** What `ends` and `leaving` rest on is in the history. */
  durable: boolean;
}

export function newWave(): Wave {
  return { answered: [], ends: [], leaving: [], durable: false };
}

/** Post-processes, publishes, lets go. Nothing is published that a crash could still make differently. */
export async function finishWave(pack: Pack, wave: Wave): Promise<void> {
  const { ends, leaving } = wave;
  const answered = wave.answered.filter((index) => pack.isOpen(index));
  const unmark = () => wave.answered.forEach((index) => pack.postProcessing.delete(index));
  let rest: number[] = [];
  let { durable } = wave;
  try {
    if (answered.length > 0) {
      for (const index of answered) pack.postProcessing.add(index);
      // By size: should this become an ordinary activity, its argument has to fit into one payload.
      const [some = []] = chunksBySize(answered, (index) => jsonBytes(toItem(pack, index)));
      const outcomes = await postProcessSome(pack, some, unmark);
      for (const outcome of outcomes) {
        durable &&= isSameEveryTime(pack, outcome);
        takeOutput(pack, outcome, ends, leaving);
      }
      const done = new Set(outcomes.map((outcome) => outcome.index));
      rest = answered.filter((index) => !done.has(index) && pack.isOpen(index));
    }
  } finally {
    unmark();
  }
  // They stay marked: in a task of before that was cut short they may have been done.
  for (const index of rest) pack.postProcessing.add(index);
  if (rest.length > 0) pack.work.add(finishRest(pack, rest));
  if (ends.length + leaving.length === 0) return;
  if (!durable) await durablePoint();
  const leavers = leaving.filter((index) => pack.isOpen(index) && mayLeave(pack));
  const publishing = publish(pack, ends);
  // Should a job be unable to leave, the results of the others are waited for all the same.
  pack.work.add(publishing);
  await Promise.all([publishing, ...leavers.map((index) => leavePack(pack, index))]);
}

/** Not when the workflow was cancelled: what still runs then ends with it. In workflows of before jobs left all the same. */
function mayLeave(pack: Pack): boolean {
  return !pack.scope.consideredCancelled || !patched('cancelled-jobs-stay');
}

/** Decides how a job ends, unless that is decided already. It is published with the wave. */
export function decide(pack: Pack, ends: JobEnd[], index: number, item: PublishItem): void {
  if (!pack.isOpen(index)) return;
  pack.job(index).status = item.result.status;
  ends.push({ index, item });
}

/** Those whose post-processing takes longer than the others', or whose outputs did not fit. */
async function finishRest(pack: Pack, answered: number[]): Promise<void> {
  await durablePoint();
  await finishWave(pack, { ...newWave(), answered, durable: true });
}

async function postProcessSome(
  pack: Pack,
  indexes: number[],
  onTrouble: () => void,
): Promise<PostProcessOutcome[]> {
  const items = indexes.map((index) => toItem(pack, index));
  const othersSucceeded = pack.jobs.some((job) => job.status === 'completed');
  const timeoutMs = Math.max(...indexes.map((index) => pack.policy(index).postProcess.timeoutMs));
  try {
    const request = { items, timeoutMs, othersSucceeded };
    return (await pack.stages.postProcess(request, onTrouble)).outcomes;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const endedAt = await durableNow();
    const gaveUp = {
      kind: 'final',
      code: 'HW_POST_PROCESS_FAILED',
      message: failureMessage(error),
      endedAt,
    } as const;
    return indexes.map((index) => ({ index, ...gaveUp }));
  }
}

function toItem(pack: Pack, index: number): PostProcessItem {
  const { job, enrichment, answer, confidential } = pack.job(index);
  if (!answer) throw new Error(`Job ${job.id} has no answer to post-process`);
  const { pipeline, input } = job;
  return { ...markOf({ confidential }), index, pipeline, input, enrichment, ...toPostProcess(answer) };
}

function takeOutput(pack: Pack, outcome: PostProcessOutcome, ends: JobEnd[], leaving: number[]): void {
  const { index } = outcome;
  const job = pack.job(index);
  if (!pack.isOpen(index)) return;
  if (outcome.kind === 'output') {
    decide(pack, ends, index, completed(job, outcome.output));
  } else if (outcome.kind === 'final') {
    decide(pack, ends, index, ended(job, 'failed', outcome, outcome.endedAt));
  } else {
    job.lastError = { code: outcome.code, message: outcome.message };
    leaving.push(index);
  }
}

/** Whether a crash could not make it differently: neither the pipeline nor another limit of results (RESULT_MAX_BYTES). */
function isSameEveryTime(pack: Pack, outcome: PostProcessOutcome): boolean {
  if (outcome.kind !== 'output' || !pack.policy(outcome.index).postProcess.deterministic) return false;
  return jsonBytes(outcome.output) <= ALWAYS_TAKEN_BYTES;
}

/** Publishes results, for as long as it takes. Those that Kafka does not take at first hold up no others. */
export async function publish(pack: Pack, ends: JobEnd[]): Promise<void> {
  let isFirst = true;
  await untilTaken(ends, async (left) => {
    const notTaken: JobEnd[] = [];
    const chunks = chunksBySize(left, (end) => jsonBytes(end.item));
    // Where nothing else waits, an activity that fails until Kafka is there again says more than a timer.
    const mayFail = isFirst && chunks.length > 1 ? 'all' : 'some';
    isFirst = false;
    for (const chunk of chunks) {
      for (const { index, item } of chunk) {
        const job = pack.job(index);
        const { status, error } = item.result;
        Object.assign(job, { status, stage: 'publish' });
        if (error) job.lastError = { code: error.type, message: error.message };
      }
      const items = chunk.map((end) => end.item);
      const { tooLarge, failed = [] } = await pack.stages.publishResults({ items, mayFail });
      chunk.forEach((end, place) => {
        if (tooLarge.includes(place) || failed.includes(place)) notTaken.push(end);
        else taken(pack, end);
      });
    }
    return notTaken;
  });
}

/** The result is on its topic. What the stages left behind is not needed any more. */
function taken(pack: Pack, { index, item }: JobEnd): void {
  pack.results.set(index, item.result);
  Object.assign(pack.job(index), { prompt: undefined, enrichment: undefined, answer: undefined });
  pack.stopIfDone();
}
