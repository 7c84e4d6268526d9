import type { Client } from '@temporalio/client';
import { packWorkflowId } from '../../../contracts/ids';
import { createLimit } from '../../../runtime/limit';
import { createPackReader, type ListedPack } from './pack-reader';
import type { PendingRecord, WatermarkChecks } from './watermark-checks';

/** What Temporal tells the watermark monitor: which jobs started packs hold. Both throw when it does not answer. */
export interface PackProofs {
  /** Packs that are in visibility by now and may hold what is pending. */
  look(): Promise<void>;
  /** Asks for these by name, where visibility may have lost something. */
  askByName(overdue: readonly PendingRecord[]): Promise<void>;
}

export interface PackProofsOptions {
  client: Client;
  queue: string;
  jobIdsOnce?: boolean;
  /** Is told of every job. */
  checks: WatermarkChecks;
}

/** Further back than a pack can begin. */
const LOOK_BACK = 150;
/** Asked about in one visibility query. */
const STRETCH = 500;

export function createPackProofs({ client, queue, jobIdsOnce, checks }: PackProofsOptions): PackProofs {
  const packs = createPackReader(client, queue);
  const limit = createLimit(4);
  /** Run ids of packs whose jobs are known. */
  const readPacks = new Set<string>();

  return {
    async look() {
      for (const { partition, from, to } of stretchesOf(checks.pending()))
        await take(await packs.list(partition, { from, to }));
    },
    async askByName(overdue) {
      const ids = new Set(
        overdue.flatMap((pending) =>
          checks
            .recordsBefore(pending, LOOK_BACK)
            .concat(pending)
            .map(({ partition, offset, timestamp }) =>
              packWorkflowId({ topic: queue, partition, offset: String(offset), timestamp }),
            ),
        ),
      );
      const found = await Promise.all([...ids].map((id) => limit(() => packs.find(id))));
      await take(found.filter((pack) => pack !== undefined));
    },
  };

  async function take(listed: ListedPack[]): Promise<void> {
    await Promise.all(
      listed
        .filter(({ runId }) => !readPacks.has(runId))
        .map((pack) =>
          limit(async () => {
            const { startedAt, jobs } = await packs.read(pack);
            readPacks.add(pack.runId);
            for (const job of jobs)
              checks.inWorkflow(jobIdsOnce ? job : { ...job, jobId: undefined }, startedAt, pack.workflowId);
          }),
        ),
    );
  }
}

/** Ranges of offsets that hold all of them, with no great gaps inside. */
function stretchesOf(pending: PendingRecord[]): { partition: number; from: number; to: number }[] {
  const stretches: { partition: number; from: number; to: number }[] = [];
  for (const { partition, offset } of pending.sort(
    (a, b) => a.partition - b.partition || a.offset - b.offset,
  )) {
    const last = stretches.at(-1);
    if (last?.partition === partition && offset - last.from < STRETCH) last.to = offset;
    else stretches.push({ partition, from: offset, to: offset });
  }
  return stretches;
}
