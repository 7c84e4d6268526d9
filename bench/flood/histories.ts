import type { Client } from '@temporalio/client';

/** `EventType` of the API. */
const eventTypes = {
  workflowTaskTimeouts: 8,
  workflowTaskFailures: 9,
  activityTimeouts: 14,
  activityFailures: 13,
} as const;

export type Troubles = Record<keyof typeof eventTypes | 'packs' | 'historyEvents', number>;

/** Reads the history of every workflow, and counts what should not be in it. */
export async function countTroubles(client: Client, onProgress: (done: number) => void): Promise<Troubles> {
  const counts: Troubles = {
    packs: 0,
    historyEvents: 0,
    workflowTaskTimeouts: 0,
    workflowTaskFailures: 0,
    activityTimeouts: 0,
    activityFailures: 0,
  };
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    counts.packs += 1;
    counts.historyEvents += events?.length ?? 0;
    for (const [name, type] of Object.entries(eventTypes) as [keyof typeof eventTypes, number][]) {
      counts[name] += events?.filter(({ eventType }) => Number(eventType) === type).length ?? 0;
    }
    onProgress(counts.packs);
  }
  return counts;
}
