import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type Event = temporal.api.history.v1.IHistoryEvent;

/** By `EventType` and `TimeoutType` of the API. */
const troubles = {
  /** The worker took too long for a task, or was lost with it. */
  workflowTaskTimeouts: (event: Event) => isWorkflowTaskTimeout(event, 1),
  /** A task waited too long for the worker that has the workflow in memory; then any worker gets it. */
  workflowTasksNotFetched: (event: Event) => isWorkflowTaskTimeout(event, 2),
  workflowTaskFailures: (event: Event) => Number(event.eventType) === 9,
  activityTimeouts: (event: Event) => Number(event.eventType) === 14,
  activityFailures: (event: Event) => Number(event.eventType) === 13,
};

function isWorkflowTaskTimeout(event: Event, timeoutType: number): boolean {
  const timedOut = event.workflowTaskTimedOutEventAttributes;
  return Number(event.eventType) === 8 && Number(timedOut?.timeoutType) === timeoutType;
}

export type Troubles = Record<keyof typeof troubles | 'packs' | 'historyEvents', number>;

/** Reads the history of every workflow, and counts what should not be in it. */
export async function countTroubles(client: Client, onProgress: (done: number) => void): Promise<Troubles> {
  const counts: Record<string, number> = { packs: 0, historyEvents: 0 };
  for (const name of Object.keys(troubles)) counts[name] = 0;
  const add = (name: string, more: number) => (counts[name] = (counts[name] ?? 0) + more);
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    add('historyEvents', events?.length ?? 0);
    for (const [name, found] of Object.entries(troubles)) add(name, events?.filter(found).length ?? 0);
    onProgress(add('packs', 1));
  }
  return counts as Troubles;
}
