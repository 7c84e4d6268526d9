import type { Client } from '@temporalio/client';
import { quoted } from '../../bridge/quoted';
import type { NamedHistory } from '../../workers/replay/replay-histories';

export interface RunningOptions {
  taskQueue: string;
  /** At most so many workflows. */
  limit: number;
  /** Also those that end on the worker version they began on. */
  all?: boolean;
}

export interface RunningHistories {
  histories: AsyncIterable<NamedHistory>;
  /** Whether there are workflows beyond the limit: known once the histories have been read to their end. */
  more: () => boolean;
}

/** The histories of running workflows, fetched one by one as they are asked for. */
export function readRunning(client: Client, { taskQueue, limit, all }: RunningOptions): RunningHistories {
  const movable = all ? '' : ' AND TemporalWorkerDeploymentVersion IS NULL';
  const query = `TaskQueue = ${quoted(taskQueue)} AND ExecutionStatus = 'Running'${movable}`;
  let more = false;
  return { histories: read(), more: () => more };

  async function* read(): AsyncGenerator<NamedHistory> {
    let count = 0;
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      more = count === limit;
      if (more) return;
      count += 1;
      yield { name: workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
    }
  }
}
