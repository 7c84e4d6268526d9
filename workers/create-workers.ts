import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../activities';
import type { Config } from '../runtime/config/config';
import { createDataConverter } from '../runtime/payload-store/data-converter';
import { bundlePath } from './bundle-path';

export interface CreateWorkersOptions {
  connection: NativeConnection;
  config: Pick<Config, 'temporal' | 'worker'>;
  activities: Activities;
  identity: string;
  /** Task queue of this process alone, for calls it holds open (inline mode). */
  ownQueue?: string;
}

/**
 * The workers of one process: workflows with their local activities, LLM calls on a queue of their own (so that they can be
 * limited and scaled by themselves), and, in inline mode, the calls this process holds open.
 */
export async function createWorkers(options: CreateWorkersOptions): Promise<Worker[]> {
  const { connection, config, activities, identity, ownQueue } = options;
  const { temporal, worker } = config;
  const common = {
    connection,
    namespace: temporal.namespace,
    dataConverter: createDataConverter(temporal),
    identity,
    activities,
    // Attempts that a stopping worker cannot finish fail and run elsewhere; LLM calls of the background go on meanwhile.
    shutdownGraceTime: worker.shutdownGraceMs,
    // Who heartbeats sooner has something new to say (activities/call-llm/tell-handles.ts). Heartbeats that say nothing new are 4 s apart.
    maxHeartbeatThrottleInterval: '100ms',
  } satisfies Partial<WorkerOptions>;

  const versioned: Partial<WorkerOptions> = worker.version
    ? {
        workerDeploymentOptions: {
          version: worker.version,
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'PINNED',
        },
      }
    : {};

  const llm = (taskQueue: string, options: Partial<WorkerOptions> = versioned) =>
    Worker.create({
      ...common,
      ...options,
      taskQueue,
      // One slot waits for a whole pack, and waiting costs next to nothing: thousands, not the default of 100.
      maxConcurrentActivityTaskExecutions: worker.activitySlots,
      activityTaskPollerBehavior: { type: 'autoscaling', minimum: 2, initial: 5, maximum: 20 },
    });

  return Promise.all([
    Worker.create({
      ...common,
      ...versioned,
      taskQueue: temporal.taskQueue,
      workflowBundle: { codePath: bundlePath },
      ...(temporal.payloadStore && timeForLargePayloads),
      // Short stages that failed locally, and jobs on their own: few, unless something is away.
      maxConcurrentActivityTaskExecutions: 100,
      maxConcurrentLocalActivityExecutions: worker.localActivitySlots,
      maxConcurrentWorkflowTaskExecutions: worker.workflowTaskSlots,
      // At least the packs in flight: an evicted workflow is replayed from its history with the next wave.
      maxCachedWorkflows: worker.maxCachedWorkflows,
      workflowTaskPollerBehavior: { type: 'autoscaling', minimum: 2, initial: 5, maximum: 20 },
    }),
    llm(temporal.llmTaskQueue),
    // Never versioned: whoever knows its name means this very process, and a version may have 100 task queues in all its life.
    ...(ownQueue ? [llm(ownQueue, {})] : []),
  ]);
}

/**
 * How long workflow code may run without a pause, 5 s by default, before the SDK gives up on it, as on an endless loop. 20 MB take a
 * second, and many times that on a busy machine. The SDK takes this option, but does not declare it.
 */
const timeForLargePayloads = { isolateExecutionTimeout: '60s' } as Partial<WorkerOptions>;
