import type { Client } from '@temporalio/client';
import { searchAttributes } from '../../../contracts/search-attributes';
import { PROCESS_JOB } from '../../../contracts/workflow-names';
import { until } from '../until';

/** What a Temporal server did for some workflows. Free of noise: it is the same on every machine. */
export interface EngineCost {
  workflows: number;
  /** In their histories. */
  events: number;
  /** Of their states, each of which is a write to the database. */
  transitions: number;
}

export interface Workflows {
  taskQueue: string;
  /** Those that were started before are not counted. */
  since: Date;
}

const wait = { within: 60_000, every: 100 };
const AT_A_TIME = 8;

/**
 * Resolves when none of them runs any more. Call it when nothing more is going to be started.
 *
 * @throws Error when that takes too long
 */
export async function untilClosed(client: Client, workflows: Workflows): Promise<void> {
  const query = `${queryOf(workflows)} AND ExecutionStatus = 'Running'`;
  await until('all workflows are closed', wait, async () => (await client.workflow.count(query)).count === 0);
}

/**
 * Adds up what closed workflows have cost. Waits until visibility knows those of all `jobs`, since it follows the workflows with some delay.
 *
 * @throws Error when that takes too long
 */
export async function engineCost(
  client: Client,
  workflows: Workflows & { jobs: number },
): Promise<EngineCost> {
  const found = new Map<string, string>();
  await until('visibility knows all workflows', wait, async () => {
    let jobs = 0;
    for await (const one of client.workflow.list({ query: queryOf(workflows) })) {
      found.set(one.runId, one.workflowId);
      // A job that left its pack is counted there.
      if (one.type !== PROCESS_JOB) jobs += one.typedSearchAttributes.get(searchAttributes.jobCount) ?? 1;
    }
    return jobs >= workflows.jobs;
  });
  return addUp(client, found);
}

async function addUp(
  client: Client,
  /** Workflow ids by run id. */
  workflows: ReadonlyMap<string, string>,
): Promise<EngineCost> {
  const cost: EngineCost = { workflows: workflows.size, events: 0, transitions: 0 };
  const left = [...workflows];
  const describeSome = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [runId, workflowId] = next;
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      cost.events += Number(raw.workflowExecutionInfo?.historyLength ?? 0);
      cost.transitions += Number(raw.workflowExecutionInfo?.stateTransitionCount ?? 0);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, describeSome));
  return cost;
}

/** For visibility. */
export function queryOf({ taskQueue, since }: Workflows): string {
  return `TaskQueue = ${JSON.stringify(taskQueue)} AND StartTime >= ${JSON.stringify(since.toISOString())}`;
}
