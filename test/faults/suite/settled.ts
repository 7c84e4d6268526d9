import type { Client } from '@temporalio/client';
import { messageOf } from '../../../contracts/errors';
import { isDrained } from './faults/topics';
import type { World } from './world';

/** True when no job is without its result, every record is handed over and every workflow is closed; what is missing otherwise. */
export async function isSettled(world: World, missing: string[]): Promise<boolean | string> {
  if (missing.length > 0) return `${missing.length} without, for example ${missing.slice(0, 3).join(', ')}`;
  try {
    const drained = await isDrained(world);
    if (drained !== true) return drained;
    const open = await openWorkflows(world.client);
    return (
      open.length === 0 || `${open.length} workflows are open, for example ${open.slice(0, 3).join(', ')}`
    );
  } catch (error) {
    // A server that was away a moment ago may not answer yet, which is no reason to wait no longer.
    return messageOf(error);
  }
}

/** Ids of all that are open. Throws when Temporal does not answer. */
export async function openWorkflows(client: Client): Promise<string[]> {
  const ids: string[] = [];
  const query = "TaskQueue = 'headway' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 1_000 })) ids.push(workflowId);
  return ids;
}
