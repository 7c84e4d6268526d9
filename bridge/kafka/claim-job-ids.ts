import type { PackJob } from '../../contracts/pack';
import type { Logger } from '../../runtime/logger';
import type { BridgeMetrics } from '../../runtime/metrics';
import { sourceText, type ClaimedJobs } from '../job-id-ledger';
import type { IsWanted } from './turns';
import type { UntilDone } from './until-done';

/**
 * Those of the jobs that are to be worked on: their ids are claimed. Undefined when the partition was lost, or the bridge stopped, before they were.
 * Waits as long as the ledger is away.
 */
export type ClaimJobIds = (jobs: PackJob[], held: () => boolean) => Promise<PackJob[] | undefined>;

export interface ClaimJobIdsOptions {
  /** Undefined where the jobs were no longer wanted when their turn came. */
  claim: (jobs: PackJob[], isWanted: IsWanted) => Promise<ClaimedJobs | undefined>;
  untilDone: UntilDone;
  logger: Logger;
  metrics?: Pick<BridgeMetrics, 'duplicatesSkipped'>;
}

/** Says of each duplicate where it is, and where the first record with its id is. */
export function createClaimJobIds({ claim, untilDone, logger, metrics }: ClaimJobIdsOptions): ClaimJobIds {
  return async (jobs, held) => {
    const claimed = await untilDone('claim job ids in the ledger', held, () => claim(jobs, held));
    if (!claimed) return undefined;
    const { own, duplicates } = claimed;
    const [example] = duplicates;
    if (example) {
      metrics?.duplicatesSkipped.inc(duplicates.length);
      const { job, first } = example;
      const fields = { count: duplicates.length, jobId: job.id, record: sourceText(job.source), first };
      logger.info(fields, 'skipped records whose job id came before, this one among them');
      for (const { job, first } of duplicates)
        logger.debug({ jobId: job.id, record: sourceText(job.source), first }, 'duplicate skipped');
    }
    return own;
  };
}
