import type { JobResult } from '../contracts/job-result';
import { searchAttributes } from '../contracts/search-attributes';
import type { LlmChoice } from './choose-llm';
import { isJob, type DemoRecord } from './demo-records';
import { counted, duration } from './statistics';
import type { TemporalUi } from './temporal-ui';

export interface StoryOptions {
  llm: LlmChoice;
  topics: { queue: string; results: string; deadLetters: string };
  ui: TemporalUi;
}

const slowId = 'brief-slow';
const refusedId = 'brief-refused';
/** Of each kind; a file full of trouble need not fill the screen. */
const tellAtMost = 5;

/** The sentences said at each act and at what happens in between. Undefined where there is nothing to say. */
export function createStory({ llm, topics, ui }: StoryOptions) {
  let acts = 0;
  let deadLetters = 0;
  let failures = 0;
  const act = (title: string, ...lines: string[]) =>
    `\n${++acts}. ${title}\n${lines.map((line) => `   ${line}\n`).join('')}`;

  return {
    quiet: (count: number): string =>
      act(
        `A quiet time: ${counted(count, 'record')} on ${topics.queue}, one after the other.`,
        'With so little to do, each job becomes a workflow of its own.',
        `Look: ${ui.workflows}`,
      ),

    rush(records: readonly DemoRecord[]): string {
      const ids = new Set(records.map((record) => (isJob(record) ? record.jobId : undefined)));
      const others = records.filter((record) => !isJob(record)).length;
      return act(
        `Rush hour: ${counted(records.length, 'record')} at once.`,
        'Now the bridge packs up to 50 jobs into a workflow, and moves the offset on at once.',
        ...(ids.has(slowId) ? [`Among them ${slowId}: the answer takes 30 s.`] : []),
        ...(ids.has(refusedId) ? [`Among them ${refusedId}: the model will refuse to answer.`] : []),
        ...(others > 0
          ? [`Among them ${counted(others, 'record')} that no pipeline can take as a job.`]
          : []),
        `Look: ${ui.search(`${searchAttributes.jobCount.name}>1`)}`,
      );
    },

    handedOver: (count: number, ms: number): string =>
      note(
        `All ${counted(count, 'record')} are durable, their offsets committed, after ${duration(ms)}:`,
        `nothing waits in Kafka while the ${llm.label} thinks.`,
      ),

    stragglers(left: readonly string[], total: number, ms: number): string {
      const named = left.includes(slowId) ? slowId : (left[0] ?? '');
      const [still, hold] = left.length === 1 ? ['is', 'holds'] : ['are', 'hold'];
      const which = left.length === 1 ? named : `${named} among them`;
      return act(
        `The slow ones: ${total - left.length} of ${total} results are out ${duration(ms)} after the rush began.`,
        `${counted(left.length, 'job')} (${which}) ${still} still with the ${llm.label} and ${hold} nobody back.`,
        `Look: ${ui.search(`${searchAttributes.jobIds.name}="${named}"`)}`,
      );
    },

    onResult({ id, status, error, timings }: JobResult): string | undefined {
      if (id === slowId && status === 'completed') {
        return note(
          `${slowId} has its answer [${llm.label}], ${duration(timings.totalMs)} after it was sent.`,
        );
      }
      if (status === 'completed' || ++failures > tellAtMost) return undefined;
      return note(
        `${id} ended as ${status} [${llm.label}]: ${error?.type ?? 'no reason given'}.`,
        `Its result says so, on ${topics.results} like any other.`,
      );
    },

    onDeadLetter({ origin }: DemoRecord, code: string): string | undefined {
      if (++deadLetters > tellAtMost) return undefined;
      return note(
        `${origin}, is not a job (${code}): it went to ${topics.deadLetters}, and everything else goes on.`,
      );
    },
  };
}

function note(...lines: string[]): string {
  return lines.map((line, n) => `${n === 0 ? '   - ' : '     '}${line}`).join('\n');
}
