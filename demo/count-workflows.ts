import type { Client } from '@temporalio/client';
import { searchAttributes } from '../contracts/search-attributes';
import { PROCESS_JOB, PROCESS_PACK } from '../contracts/workflow-names';

export interface WorkflowCounts {
  /** With one job each. */
  single: number;
  /** With several jobs. */
  packs: number;
  /** Jobs that left their pack, because they had trouble of their own. */
  onTheirOwn: number;
}

/** Counts, by visibility, the workflows that were started since then. */
export async function countWorkflows(client: Client, since: Date): Promise<WorkflowCounts> {
  const count = async (query: string) =>
    (await client.workflow.count(`${query} AND StartTime >= "${since.toISOString()}"`)).count;
  const jobs = searchAttributes.jobCount.name;
  const [single, packs, onTheirOwn] = await Promise.all([
    count(`WorkflowType = "${PROCESS_PACK}" AND ${jobs} = 1`),
    count(`WorkflowType = "${PROCESS_PACK}" AND ${jobs} > 1`),
    count(`WorkflowType = "${PROCESS_JOB}"`),
  ]);
  return { single, packs, onTheirOwn };
}
