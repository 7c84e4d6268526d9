import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { PackJob } from '../contracts/pack';
import { jobsCarriedBy } from '../contracts/retry';
import { readPayload } from '../runtime/payload-store/read-payload';

const NOT_FOUND = 5;

/**
 * The jobs a workflow was started with, from the first event of its history: no worker is needed. None when it is not a workflow of
 * Headway; undefined when Temporal does not know it.
 *
 * @param workflow without `runId` the newest run
 * @throws HeadwayError `HW_PAYLOAD_UNREADABLE`; what Temporal's client throws
 */
export async function readCarriedJobs(
  client: Client,
  { id, runId }: { id: string; runId?: string },
): Promise<PackJob[] | undefined> {
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId: id, runId },
      maximumPageSize: 1,
    });
    const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    return payload ? jobsCarriedBy(await readOfWorkflow(client, payload, id)) : [];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || (error as { code?: unknown }).code === NOT_FOUND)
      return undefined;
    throw error;
  }
}

/**
 * A payload that a workflow was started with.
 *
 * @throws HeadwayError `HW_PAYLOAD_UNREADABLE`
 */
export async function readOfWorkflow<T>(client: Client, payload: Payload, id: string): Promise<T> {
  try {
    return await readPayload<T>(client, payload);
  } catch (error) {
    const message = `what workflow ${id} was started with cannot be read: ${messageOf(error)}`;
    throw new HeadwayError('HW_PAYLOAD_UNREADABLE', message, { cause: error });
  }
}
