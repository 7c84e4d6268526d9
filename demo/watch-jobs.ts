import type { IHeaders, KafkaMessage } from 'kafkajs';
import { deadLetterHeaders } from '../contracts/headers';
import type { JobResult } from '../contracts/job-result';
import type { Cleanup } from './cleanup';
import { isJob, type DemoRecord } from './demo-records';
import { followCommits } from './follow-commits';
import { endOf, followTopics } from './follow-topics';
import { recordHeader } from './produce';
import type { System } from './start-system';
import { Tally } from './tally';
import { abortable } from './waiting';

export interface WatchOptions {
  system: System;
  /** All the records there will be, by label. */
  records: ReadonlyMap<string, DemoRecord>;
  /** The first result of a job. */
  onResult: (result: JobResult) => void;
  /** @param code why, from the error registry */
  onDeadLetter: (record: DemoRecord, code: string) => void;
  signal: AbortSignal;
  fail: (error: Error) => void;
  cleanup: Cleanup;
}

export interface Watch {
  tally: Tally;
  /** Records the bridge has committed since the demo began. */
  handedOver: () => number;
}

/** Follows what the bridge commits and what arrives on the results and dead-letter topics, from their present end. */
export async function watchJobs(options: WatchOptions): Promise<Watch> {
  const { system, records, onResult, onDeadLetter, signal, fail, cleanup } = options;
  const { kafka, config } = system;
  const { topics } = config;
  const [queueEnd, resultsEnd, deadLettersEnd] = await abortable(
    Promise.all([
      endOf(kafka, topics.queue, 'QUEUE_TOPIC'),
      endOf(kafka, topics.results, 'RESULTS_TOPIC'),
      endOf(kafka, topics.deadLetters, 'DLQ_TOPIC'),
    ]),
    signal,
  );
  const jobIds = [...records.values()].filter(isJob).map(({ jobId }) => jobId);
  const tally = new Tally(new Set(jobIds), queueEnd);

  const takeResult = ({ key, value }: KafkaMessage) => {
    if (key === null || value === null) return;
    const result = tally.takeResult(key.toString(), value);
    if (result) onResult(result);
  };
  const takeDeadLetter = ({ headers = {} }: KafkaMessage) => {
    const label = text(headers[recordHeader]);
    const record = records.get(label);
    if (record === undefined || !tally.takeDeadLetter(label)) return;
    onDeadLetter(record, text(headers[deadLetterHeaders.class]));
  };
  const stopFollowing = await abortable(
    followTopics({
      kafka,
      from: new Map([
        [topics.results, resultsEnd],
        [topics.deadLetters, deadLettersEnd],
      ]),
      onRecord: (topic, message) =>
        topic === topics.results ? takeResult(message) : takeDeadLetter(message),
      onEnd: fail,
    }),
    signal,
  );
  cleanup.add(stopFollowing, 2_000);
  const { groupId } = config.bridge;
  const commits = await abortable(
    followCommits(kafka, { groupId, topic: topics.queue, from: queueEnd }),
    signal,
  );
  cleanup.add(() => commits.stop(), 2_000);
  return { tally, handedOver: () => commits.count() };
}

function text(header: IHeaders[string]): string {
  return Buffer.isBuffer(header) ? header.toString() : '';
}
