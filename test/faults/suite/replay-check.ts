import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundlePath } from '../../../workers/bundle-path';

export interface ReplayReport {
  replayed: number;
  /** One line for each workflow whose history does not fit the code. */
  problems: string[];
}

/**
 * Replays the history of every workflow of a task queue, at most `limit` of them, on the built bundle. One that does not fit its own code
 * stands still for ever as soon as a worker has to begin it anew, which a run may happen not to need.
 */
export async function checkReplay(client: Client, taskQueue: string, limit = 5_000): Promise<ReplayReport> {
  const report: ReplayReport = { replayed: 0, problems: [] };
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const histories = async function* () {
    const found = client.workflow
      .list({ query: `TaskQueue = '${taskQueue}'` })
      .intoHistories({ concurrency: 5 });
    for await (const one of found) {
      yield one;
      if (++report.replayed >= limit) return;
    }
  };
  const options = { workflowBundle: { codePath: bundlePath }, replayName: 'fault-suite' };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories())) {
    if (error) report.problems.push(`${workflowId}: ${error.message.slice(0, 300)}`);
  }
  return report;
}
