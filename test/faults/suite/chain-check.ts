import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Kafka } from 'kafkajs';
import { registerCompressionCodecs } from '../../../runtime/kafka/compression';
import { withOffsets } from '../../../runtime/kafka/offsets';
import { readRanges, type ReadMessage } from '../../../runtime/kafka/read-ranges';
import { createLimit } from '../../../runtime/limit';
import { addChains } from './add-reports';
import { placeOf, type DeadLetterPlace } from './dead-letter-place';
import { jobIdOf } from './job-id-of';
import {
  judgeChain,
  type ChainMaterial,
  type ChainPack,
  type ChainRecord,
  type ChainReport,
} from './judge-chain';
import type { KeptQueue } from './kept-queue';
import { createPackReader } from './pack-reader';

export type { ChainReport };

export interface ChainCheckOptions {
  /** Both past any proxy. Nothing may be on its way any more. */
  client: Client;
  kafka: Kafka;
  queue: string;
  deadLetterTopic: string;
  /** With `JOB_ID_DEDUPE=ledger`: a record may also be left out because a pack has another one with its job id. */
  jobIdsOnce?: boolean;
  /** What topics of this name held before they were deleted. Their records count like those that are there. */
  earlier?: readonly KeptQueue[];
}

/** Visibility lags: what is missing may be there a little later. */
const LOOKS = 20;
const LOOK_AGAIN_MS = 1_000;

/** The records of one topic, and the dead letters that may be theirs. */
type Topic = Pick<ChainMaterial, 'records' | 'deadLetters'>;

/**
 * Reads the whole queue topic, and every pack it has ever had: each record is a job in exactly one pack or a dead letter, and no two packs
 * cover the same offset. For tens of thousands of records and thousands of packs.
 *
 * @throws when Kafka or Temporal does not answer
 */
export async function checkChain(options: ChainCheckOptions): Promise<ChainReport> {
  const { client, kafka, queue, deadLetterTopic, jobIdsOnce = false, earlier = [] } = options;
  registerCompressionCodecs();
  const toRecord = (partition: number, { offset, timestamp, value }: ReadMessage): ChainRecord => {
    const jobId = jobIdsOnce ? jobIdOf(value) : undefined;
    return { partition, offset: Number(offset), timestamp: Number(timestamp), jobId };
  };
  const topics = earlier.map((kept): Topic => ({
    records: kept.records.map(({ partition, message }) => toRecord(partition, message)),
    deadLetters: kept.deadLetters.flatMap((message) => placeOf(message, queue) ?? []),
  }));
  const records: ChainRecord[] = [];
  const partitions = await readTopic(kafka, queue, (partition, message) => {
    records.push(toRecord(partition, message));
  });
  const deadLetters: DeadLetterPlace[] = [];
  await readTopic(kafka, deadLetterTopic, (_, message) => {
    const place = placeOf(message, queue);
    if (place) deadLetters.push(place);
  });
  topics.push({ records, deadLetters });
  const packs = new Map<string, ChainPack>();
  for (let look = 1; ; look++) {
    await readPacks(client, queue, partitions, packs);
    const all = { queue, packs: [...packs.values()], jobIdsOnce };
    const report = addChains(topics.map((topic) => judgeChain({ ...all, ...topic })));
    if (report.missing === 0 || look === LOOKS) return report;
    await delay(LOOK_AGAIN_MS);
  }
}

/** Calls back with each record that is there now. Returns the partitions. */
async function readTopic(
  kafka: Kafka,
  topic: string,
  onRecord: (partition: number, message: ReadMessage) => void,
): Promise<number[]> {
  const ranges = await withOffsets(kafka, (offsets) => offsets.ranges(topic));
  await readRanges({ kafka, topic, ranges, onRecord });
  return ranges.map(({ partition }) => partition);
}

/** Adds those that are not known yet, by run id. */
async function readPacks(
  client: Client,
  queue: string,
  partitions: number[],
  packs: Map<string, ChainPack>,
): Promise<void> {
  const reader = createPackReader(client, queue);
  const limit = createLimit(8);
  for (const partition of partitions) {
    const fresh = (await reader.list(partition)).filter(({ runId }) => !packs.has(runId));
    const read = fresh.map(({ workflowId, runId, lastOffset }) =>
      limit(async () => {
        const { jobs } = await reader.read({ workflowId, runId, lastOffset });
        packs.set(runId, { workflowId, lastOffset, jobs });
      }),
    );
    await Promise.all(read);
  }
}
