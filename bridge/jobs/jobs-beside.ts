import type { Client } from '@temporalio/client';
import type { PackJob } from '../../contracts/pack';
import { readCarriedJobs } from '../read-carried-jobs';
import { listed } from './find-job';
import { reachable, REQUEST_MS } from './reachable';

/**
 * All jobs that the workflows with a job of this id were started with: that one, and those beside it in a pack. Of the newest workflows; from the
 * visibility store, which lags a little behind.
 *
 * @throws HeadwayError `HW_SERVER_UNREACHABLE`, `HW_PAYLOAD_UNREADABLE`
 */
export async function jobsBeside(client: Client, jobId: string): Promise<PackJob[]> {
  const workflows = await listed(client, { id: jobId });
  const carried = await Promise.all(
    workflows.map(({ workflowId: id, runId }) =>
      reachable(client, REQUEST_MS, () => readCarriedJobs(client, { id, runId })),
    ),
  );
  return carried.flatMap((jobs) => jobs ?? []);
}
