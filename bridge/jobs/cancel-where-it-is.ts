import { HeadwayError } from '../../contracts/errors';
import type { JobView } from '../../contracts/job-view';
import { isEnd } from './view-job';

/** A job leaves its pack once; run again meanwhile, it may do so once more. */
const MOVES_MAX = 3;

/**
 * Cancels a job in the workflow it was seen in, or in the one it has moved to since: a pack is over as soon as its last job has left it, and then
 * answers as if that job were over.
 *
 * @throws what `cancelAt` throws about the workflow that holds the job
 */
export async function cancelWhereItIs(
  seen: JobView,
  { look, cancelAt }: { look: () => Promise<JobView>; cancelAt: (workflowId: string) => Promise<void> },
): Promise<void> {
  let at = seen.workflow.id;
  for (let moves = 0; ; moves++) {
    try {
      return await cancelAt(at);
    } catch (error) {
      if (!(error instanceof HeadwayError) || error.code !== 'HW_JOB_ENDED' || moves >= MOVES_MAX)
        throw error;
      const now = await look().catch(() => undefined);
      if (!now || isEnd(now.status) || now.workflow.id === at) throw error;
      at = now.workflow.id;
    }
  }
}
