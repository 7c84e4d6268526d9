import { HeadwayError } from '../../contracts/errors';
import type { Kafka } from '../../runtime/kafka/client';
import { withOffsets } from '../../runtime/kafka/offsets';
import { openPartitionSender, type KeyedRecord, type SentRecord } from '../../runtime/kafka/partition-sender';
import { readTopicSettings } from '../../runtime/kafka/topic-settings';
import type { CheckedRequest } from './check-request';
import type { Door, Verdict } from './door';
import { watchDuplicates, type Lookup } from './duplicates';
import { inBatches } from './in-batches';
import { readOutcomes } from './kafka-outcomes';

/** Of one request. */
const BATCH = { items: 500, bytes: 512 * 1024, waitMs: 20 };

/** What goes to a partition in one request has to fit this, and all of a request may go to one. It is the default of Kafka. */
const MAX_MESSAGE_BYTES = 1_048_588;

/** Around the records, and around the key and the value of one: more than it ever is (KIP-98: 61 bytes, and varints). */
const BATCH_OVERHEAD_BYTES = 512;
const RECORD_OVERHEAD_BYTES = 64;

export interface KafkaDoorOptions {
  kafka: Kafka;
  topics: { queue: string; results: string; deadLetters: string };
  /** Somebody waits for the ends of the jobs. */
  wait: boolean;
  /** For jobs that nothing is heard of, where the bridges have a ledger of job ids. */
  lookup?: Lookup;
  /** Takes a sentence about what cannot be found out. */
  tell: (sentence: string) => void;
  signal: AbortSignal;
}

/**
 * Jobs as records of the queue topic, their key the job id. Their ends are read from the results topic, from where it ended before the first job
 * was sent: one reader for all of them, and Kafka is good at that. Asking Temporal would cost a search and a query for each job each time, on the
 * very server that should be starting them, and it knows nothing of a job for a while, nor ever of a dead letter.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` for a topic that does not exist; what keeps Kafka from answering
 */
export async function openKafkaDoor({
  kafka,
  topics,
  wait,
  lookup,
  tell,
  signal,
}: KafkaDoorOptions): Promise<Door> {
  const partitions = await checkTopics(kafka, topics, wait);
  const outcomes = wait ? await readOutcomes({ kafka, topics, signal }) : undefined;
  const duplicates =
    outcomes && lookup && watchDuplicates({ topic: topics.queue, waiting: outcomes, lookup, tell, signal });
  const maxMessageBytes = await readMaxMessageBytes(kafka, topics.queue);
  const batchLimits = { ...BATCH, bytes: Math.min(BATCH.bytes, maxMessageBytes - BATCH_OVERHEAD_BYTES) };
  const sender = await openPartitionSender(kafka, { name: topics.queue, partitions });
  return {
    name: topics.queue,
    sendingAgain:
      'A record that is sent again is a second job, unless the bridges have JOB_ID_DEDUPE=ledger.',
    async *send(requests) {
      for await (const batch of inBatches(requests, recordBytes, batchLimits)) {
        signal.throwIfAborted();
        // A quick job may have ended before Kafka has said that it has it.
        for (const { id } of batch) outcomes?.expect(id);
        const records = batch.map((request) => ({ key: request.id, value: request.json, request }));
        const sent = await sender.send(records, signal);
        // In the order they were given, whichever partition answered first.
        sent.sort((a, b) => a.record.request.number - b.record.request.number);
        const verdicts = sent.map((one) => toVerdict(one.record.request, one, topics.queue));
        for (const { request, refused } of verdicts) if (refused) outcomes?.forget(request.id);
        for (const one of sent) {
          if (one.state !== 'sent') continue;
          outcomes?.sent(one.record.key, one.partition, one.offset);
          duplicates?.sent(one.record.key, one.partition, one.offset);
        }
        yield* verdicts;
        signal.throwIfAborted();
        for (const one of sent) if ('error' in one && one.error) throw one.error;
      }
      outcomes?.expectNoMore();
    },
    ends: () => outcomes?.ends() ?? nothing(),
    async close() {
      await Promise.all([sender.close(), outcomes?.close(), duplicates?.close()]);
    },
  };
}

function toVerdict(request: CheckedRequest, sent: SentRecord<KeyedRecord>, topic: string): Verdict {
  switch (sent.state) {
    case 'sent':
      return { request };
    case 'too-large': {
      const bytes = Buffer.byteLength(request.json);
      const message = `topic ${topic} takes no record of ${bytes} bytes (max.message.bytes)`;
      return { request, refused: { code: 'HW_RECORD_TOO_LARGE', message } };
    }
    case 'refused':
      return { request, notSent: true };
    case 'unsure':
      return { request, unsure: true };
  }
}

function recordBytes({ id, json }: CheckedRequest): number {
  return Buffer.byteLength(json) + Buffer.byteLength(id) + RECORD_OVERHEAD_BYTES;
}

/** The right to send does not bring the right to look at the settings. */
async function readMaxMessageBytes(kafka: Kafka, topic: string): Promise<number> {
  const found = await readTopicSettings(kafka, [topic], ['max.message.bytes']).catch(() => []);
  return Number(found[0]?.get('max.message.bytes') ?? MAX_MESSAGE_BYTES);
}

async function* nothing(): AsyncGenerator<never> {}

/** @returns the number of partitions of the queue topic */
async function checkTopics(kafka: Kafka, topics: KafkaDoorOptions['topics'], wait: boolean): Promise<number> {
  const needed: [string, string][] = [['QUEUE_TOPIC', topics.queue]];
  if (wait) needed.push(['RESULTS_TOPIC', topics.results], ['DLQ_TOPIC', topics.deadLetters]);
  return await withOffsets(kafka, async (offsets) => {
    for (const [variable, topic] of needed) {
      if (await offsets.topicExists(topic)) continue;
      throw new HeadwayError('HW_CONFIG_INVALID', `${variable}: there is no topic named ${topic}.`);
    }
    return await offsets.partitions(topics.queue);
  });
}
