import type { Client } from '@temporalio/client';
import { createJobs } from '../bridge/jobs/create-jobs';
import type { Jobs } from '../bridge/jobs/jobs';
import { jobLimits } from '../contracts/limits';
import { loadRegistry } from '../pipelines/load-pipelines';
import { loadConfig } from '../runtime/config/config';
import { cliTemporal } from './connections';
import type { CliContext } from './context';

/** Runs `task` with the jobs of all tenants, and disconnects. */
export type WithJobs = <T>(
  context: CliContext,
  task: (jobs: Jobs, client: Client) => Promise<T>,
) => Promise<T>;

/** @throws HeadwayError `HW_SERVER_UNREACHABLE` when Temporal does not answer within seconds; what `task` throws */
export const withJobs: WithJobs = async (context, task) => {
  const config = loadConfig(context.env, ['temporal', 'topics', 'pipelines']);
  const { pipelineNamed } = await loadRegistry(config.pipelines);
  const { taskQueue, llmTaskQueue, payloadStore } = config.temporal;
  const client = await cliTemporal(config.temporal, context);
  try {
    const jobsOf = createJobs({
      client,
      taskQueue,
      llmTaskQueue,
      queueTopic: config.topics.queue,
      pipelineNamed,
      limits: jobLimits(payloadStore !== undefined),
    });
    return await task(jobsOf(), client);
  } finally {
    await client.connection.close();
  }
};
