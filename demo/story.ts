import type { JobResult } from '../contracts/job-result';
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
  let deadLetters = 0;
  let failures = 0;
  return {
    quiet: (count: number): string =>
      act(
        `A quiet time: ${counted(count, 'record')} on ${topics.queue}, one after the other.`,
        'With so little to do, each job becomes a workflow of its own.',
        `Look: ${ui.workflows}`,
      ),

    rush(records: readonly DemoRecord[]): string {
      const ids = new Set(records.map((record) => (isJob(record) ? record.jobId : undefined)));
      const special = [
        ids.has(slowId) ? `${slowId}, whose answer takes 30 s` : undefined,
        ids.has(refusedId) ? `${refusedId}, which the model refuses to answer` : undefined,
        records.some((record) => !isJob(record)) ? 'a record that is not a job' : undefined,
      ].filter((text) => text !== undefined);
      return act(
        `Rush hour: ${counted(records.length, 'record')} at once.`,
        'The bridge packs up to 50 jobs into a workflow and moves the offset on at once.',
        ...(special.length > 0 ? [`Among them: ${special.join('; ')}.`] : []),
      );
    },

    handedOver: (count: number, ms: number): string =>
      note(
        `All ${counted(count, 'record')} are durable, their offsets committed, after ${duration(ms)}:`,
        `nothing waits in Kafka for the ${llm.label}.`,
      ),

    stragglers(left: string[], total: number, ms: number): string | undefined {
      if (left.length === 0) return undefined;
      const named = left.includes(slowId) ? slowId : left[0];
      return act(
        `The slow ones: ${total - left.length} of ${total} results are out ${duration(ms)} after the rush began.`,
        `${counted(left.length, 'job')} still wait${left.length === 1 ? 's' : ''} for the ${llm.label}, ` +
          `${named} ${left.length === 1 ? 'alone' : 'among them'}, and hold${left.length === 1 ? 's' : ''} back nobody.`,
        `Look: ${ui.search(`HeadwayJobIds = "${named}"`)}`,
      );
    },

    onResult(result: JobResult): string | undefined {
      if (result.id === slowId) {
        return note(
          `${slowId} has its answer [${llm.label}], ${duration(result.timings.totalMs)} after it was sent.`,
        );
      }
      if (result.status === 'completed' || ++failures > tellAtMost) return undefined;
      return note(
        `${result.id} ended as ${result.status} [${llm.label}]: ${result.error?.type}.`,
        `That is its result, on ${topics.results} like any other.`,
      );
    },

    onDeadLetter(record: DemoRecord, code: string): string | undefined {
      if (++deadLetters > tellAtMost) return undefined;
      return note(
        `${record.origin} is not a job (${code}): it is on ${topics.deadLetters}, and stops nothing.`,
      );
    },
  };
}

function act(title: string, ...lines: string[]): string {
  return `\n${[title, ...lines.map((line) => `  ${line}`)].join('\n')}\n`;
}

function note(...lines: string[]): string {
  return lines.map((line, n) => `${n === 0 ? '  - ' : '    '}${line}`).join('\n');
}
