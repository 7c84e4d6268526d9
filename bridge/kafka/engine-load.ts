import type { Client } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes';
import type { Config } from '../../runtime/config/config';
import type { Load } from './water-mark';

const REQUEST_TIMEOUT_MS = 5_000;

/** `TaskQueueType` of the API. */
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;

/**
 * How much Temporal has to do. Two measures, since neither shows everything: without workers packs wait in the task queues; without an
 * LLM provider the queues are empty, and packs pile up inside running workflows.
 */
export function engineLoads(client: Client, config: Pick<Config, 'bridge' | 'temporal'>): Load[] {
  const { bridge, temporal } = config;
  const { namespace } = client.options;
  return [
    {
      name: 'waiting',
      what: 'packs waiting for a worker',
      ...bridge.backlog,
      // `matching.TaskQueueInfoByBuildIdTTL`: the server answers from a cache of 5 s.
      lagMs: 5_500,
      read: () =>
        withDeadline(async () => {
          const [workflows, llm] = await Promise.all([
            tasksWaiting(temporal.taskQueue, WORKFLOW_TASKS),
            tasksWaiting(temporal.llmTaskQueue, ACTIVITY_TASKS),
          ]);
          return workflows + llm;
        }),
    },
    {
      name: 'in_flight',
      what: 'packs in flight',
      ...bridge.inFlight,
      // Visibility follows the starts: within some 10 ms in a database, about a second in Elasticsearch.
      lagMs: 1_500,
      read: () =>
        withDeadline(async () => {
          // What waits for its `notBefore` needs nobody, may be any number, and may wait for years.
          const query =
            `TaskQueue = ${JSON.stringify(temporal.taskQueue)} AND ExecutionStatus = 'Running' ` +
            `AND ${searchAttributes.status.name} = 'running'`;
          const { count } = await client.workflowService.countWorkflowExecutions({ namespace, query });
          return Number(count);
        }),
    },
  ];

  async function tasksWaiting(name: string, taskQueueType: number): Promise<number> {
    const { stats } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType,
      reportStats: true,
    });
    if (!stats) throw new Error('this server does not report the backlog of a task queue');
    return Number(stats.approximateBacklogCount);
  }

  function withDeadline<T>(request: () => Promise<T>): Promise<T> {
    return client.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, request);
  }
}
