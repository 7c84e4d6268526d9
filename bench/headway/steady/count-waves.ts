import type { Client } from '@temporalio/client';
import { queryOf, type Workflows } from '../cost/engine-cost';

/** Enough for a mean that is right to a few percent; each costs a request. */
const WORKFLOWS = 40;

/**
 * In how many waves the LLM calls of a pack ended, on average: how often the activity that awaits them came to its end. Of closed workflows, the newest ones.
 *
 * @returns undefined when there were none
 */
export async function countWaves(client: Client, workflows: Workflows): Promise<number | undefined> {
  let [count, waves] = [0, 0];
  const query = `${queryOf(workflows)} AND ExecutionStatus = 'Completed'`;
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: WORKFLOWS })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    waves += wavesIn(events ?? []);
    if ((count += 1) === WORKFLOWS) break;
  }
  return count === 0 ? undefined : waves / count;
}

/** As much of an event of a history as tells what ended. */
export interface EndOfActivity {
  eventId?: unknown;
  activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null } | null;
  activityTaskCompletedEventAttributes?: { scheduledEventId?: unknown } | null;
}

export function wavesIn(events: readonly EndOfActivity[]): number {
  const awaiting = new Set(
    events
      .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'awaitLlmCalls')
      .map(({ eventId }) => String(eventId)),
  );
  return events.filter(({ activityTaskCompletedEventAttributes: completed }) =>
    awaiting.has(String(completed?.scheduledEventId)),
  ).length;
}
