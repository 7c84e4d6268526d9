import type { Client } from '@temporalio/client';
import type { PackInput } from '../../contracts/pack';
import { searchAttributes } from '../../contracts/search-attributes';
import { readPayload } from '../../runtime/payload-store/read-payload';

export interface StartedPackView {
  workflowId: string;
  firstOffset: number;
  lastOffset: number;
  status: string;
  jobIds: string[];
}

/** Every pack of a partition that Temporal knows, in order of their offsets, with the jobs its history holds. */
export async function packsOf(client: Client, queue: string, partition = 0): Promise<StartedPackView[]> {
  const packs: StartedPackView[] = [];
  const query = `${searchAttributes.partition.name} = '${queue}-${partition}'`;
  for await (const found of client.workflow.list({ query })) {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId: found.workflowId, runId: found.runId },
      maximumPageSize: 1,
    });
    const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    if (!payload) throw new Error(`No input in the history of ${found.workflowId}`);
    const { jobs } = await readPayload<PackInput>(client, payload);
    const [first] = jobs;
    packs.push({
      workflowId: found.workflowId,
      firstOffset: first?.source.door === 'kafka' ? Number(first.source.offset) : -1,
      lastOffset: Number((found.memo as { lastOffset: string }).lastOffset),
      status: found.status.name,
      jobIds: jobs.map((job) => job.id),
    });
  }
  return packs.sort((a, b) => a.firstOffset - b.firstOffset);
}

/** The ids of all jobs in these packs that are in more than one, or in one twice. */
export function repeatedJobs(packs: StartedPackView[]): string[] {
  const seen = new Set<string>();
  return packs.flatMap((pack) => pack.jobIds).filter((id) => seen.size === seen.add(id).size);
}
