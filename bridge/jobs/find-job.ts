import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import { searchAttributes } from '../../contracts/search-attributes';
import { quoted } from '../quoted';
import { unreadable } from '../unreadable';
import { REQUEST_MS, reachable } from './reachable';

export type Execution = WorkflowExecutionDescription;

/** Whose job it is: jobs of others are passed over. Undefined for anybody's. */
export interface JobOf {
  id: string;
  tenant?: string;
}

/** Packs a job may have been in, one after the other: with an id of its own, left, run again. */
const EXECUTIONS_MAX = 20;

/**
 * The workflow that holds a job now, or held it last. A workflow whose id is the job id wins: it is found at once, while visibility lags
 * behind by a second or so.
 *
 * @throws HeadwayError `HW_JOB_UNKNOWN`, `HW_SERVER_UNREACHABLE`, `HW_PAYLOAD_UNREADABLE`
 */
export async function findJob(client: Client, job: JobOf): Promise<Execution> {
  const { id: jobId } = job;
  const own = await describe(client, jobId);
  if (own && carries(own, job) && !hasLeft(own)) return own;
  // A pack of one that the job has left, named after the job, has given it this name.
  const next = own && (await describe(client, `${jobId}~${own.runId}-0`));
  if (next && carries(next, job)) return next;
  for (const { workflowId, runId } of await listed(client, job)) {
    const execution = await describe(client, workflowId, runId);
    if (execution && !hasLeft(execution)) return execution;
  }
  throw unknownJob(jobId);
}

export function unknownJob(jobId: string): HeadwayError {
  return new HeadwayError('HW_JOB_UNKNOWN', `Temporal knows no workflow with job ${jobId}`);
}

/**
 * Undefined when Temporal does not know it.
 *
 * @throws HeadwayError `HW_SERVER_UNREACHABLE`; `HW_PAYLOAD_UNREADABLE` when its memo is in a payload store that is away or not known here
 */
export async function describe(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<Execution | undefined> {
  try {
    return await reachable(client, REQUEST_MS, () => client.workflow.getHandle(workflowId, runId).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw unreadable(error, workflowId);
  }
}

/** Workflows with a job of this id, the newest first. */
async function listed(client: Client, { id, tenant }: JobOf) {
  const withId = `${searchAttributes.jobIds.name} = ${quoted(id)}`;
  const query =
    tenant === undefined ? withId : `${withId} AND ${searchAttributes.tenants.name} = ${quoted(tenant)}`;
  const look = reachable(client, REQUEST_MS, async () => {
    const found: { workflowId: string; runId: string; startTime: Date }[] = [];
    for await (const execution of client.workflow.list({ query })) {
      found.push(execution);
      if (found.length === EXECUTIONS_MAX) break;
    }
    return found.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
  });
  return await look.catch((error: unknown) => {
    throw unreadable(error, `with job ${id}`);
  });
}

function carries({ typedSearchAttributes }: Execution, { id, tenant }: JobOf): boolean {
  const has = (key: 'jobIds' | 'tenants', value: string) =>
    typedSearchAttributes.get(searchAttributes[key])?.includes(value) ?? false;
  return has('jobIds', id) && (tenant === undefined || has('tenants', tenant));
}

/** Of a workflow with one job, or of which all jobs have left. */
function hasLeft({ typedSearchAttributes }: Execution): boolean {
  return typedSearchAttributes.get(searchAttributes.status) === 'left';
}
