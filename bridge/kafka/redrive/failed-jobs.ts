import type { Kafka } from 'kafkajs';
import { z } from 'zod';
import { jobSourceSchema } from '../../../contracts/job-request';
import { jobRunSchema, terminalStatusSchema, workflowRunSchema } from '../../../contracts/job-result';
import { isNewer, jobIdentity, runNumber } from '../../../contracts/result-runs';
import { withOffsets } from '../../../runtime/kafka/offsets';
import { readRanges } from '../../../runtime/kafka/read-ranges';

/** As much of a result as this needs: it also reads those of other versions. */
const resultSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  status: terminalStatusSchema,
  error: z.object({ type: z.string(), message: z.string() }).optional(),
  timings: z.object({ completedAt: z.string() }),
  source: jobSourceSchema,
  workflow: workflowRunSchema,
  run: jobRunSchema.optional(),
});

type AnyResult = z.infer<typeof resultSchema>;
export type FailedJob = AnyResult & { error: NonNullable<AnyResult['error']> };

export interface FindFailedJobsOptions {
  kafka: Kafka;
  /** The results topic. */
  topic: string;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Reads the results topic to its end, for jobs whose newest result is that they failed. Memory grows with their number, not with
 * that of all results.
 *
 * @throws what kept Kafka from answering; the reason of `signal`
 */
export async function findFailedJobs(options: FindFailedJobsOptions): Promise<FailedJob[]> {
  const { kafka, topic, onProgress, signal } = options;
  const failed = createNewestFailed();
  const ranges = await withOffsets(kafka, (offsets) => offsets.ranges(topic));
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  await readRanges({
    kafka,
    topic,
    ranges,
    onRecord: (_, { value }) => failed.take(value),
    onProgress: (done) => onProgress?.(done, total),
    signal,
  });
  return failed.all();
}

/** Keeps what failed and was not followed by anything newer. Results of one job come in the order they were published. */
export function createNewestFailed() {
  const failed = new Map<string, FailedJob>();
  /** Of jobs that were run again, by what tells jobs apart that share an id: the highest number of a run that ended. */
  const newestRun = new Map<string, number>();

  return {
    /** Takes the value of a record; one that is no result is passed over. */
    take(value: Buffer | null): void {
      const result = value && readResult(value);
      if (!result) return;
      const { id, status, error } = result;
      const known = failed.get(id);
      if (known && !isNewer(result, known)) return;
      const job = jobIdentity(result);
      const number = runNumber(result);
      if (number < (newestRun.get(job) ?? 1)) return;
      if (number > 1) newestRun.set(job, number);
      if (status === 'failed' && error) failed.set(id, { ...result, error });
      else failed.delete(id);
    },
    all: () => [...failed.values()],
  };
}

function readResult(value: Buffer): AnyResult | undefined {
  try {
    return resultSchema.safeParse(JSON.parse(value.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
