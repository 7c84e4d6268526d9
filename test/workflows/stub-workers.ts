import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../../activities';
import type { PublishItem } from '../../contracts/stages';
import { readLocalStack } from '../../runtime/local-stack';
import { bundlePath } from '../../workers/bundle-path';

/** Workflows of the built bundle on the real server, with activities that a test makes up. */
export interface StubWorkers {
  client: Client;
  taskQueue: string;
  llmTaskQueue: string;
  /** Everything that was to be published. */
  published: PublishItem['result'][];
  /** Works on the workflows and their short stages. */
  startWorkflows(activities: Partial<Activities>, options?: Partial<WorkerOptions>): Promise<RunningWorker>;
  /** Works on the LLM calls. */
  startLlm(activities: Partial<Activities>, options?: Partial<WorkerOptions>): Promise<RunningWorker>;
  close(): Promise<void>;
}

/** Enriches every job, with nothing. */
export const enrichAll: Activities['enrichJobs'] = ({ jobs }) =>
  Promise.resolve({
    outcomes: jobs.map(({ index }) => ({
      ...{ index, kind: 'enriched' as const, enrichment: {} },
      prompt: { instructions: '', input: '' },
    })),
  });

/** Begins every call. None of them ends by that. */
export const beginAllCalls: Activities['startLlmCalls'] = ({ calls }) =>
  Promise.resolve({
    outcomes: [],
    handles: calls.map(({ index, jobId, pipeline }) => ({
      ...{ index, jobId, pipeline, callId: 'call', startedAt: 0, timeoutAt: 0 },
    })),
  });

export interface RunningWorker {
  stop(): Promise<void>;
}

export async function createStubWorkers(): Promise<StubWorkers> {
  const { temporalAddress: address, temporalNamespace: namespace } = readLocalStack() ?? {};
  if (!address || !namespace) throw new Error('The test stack is not running');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  // Histories of many megabytes come in pages of any size.
  const channelArgs = { 'grpc.max_receive_message_length': -1 };
  const connection = await Connection.connect({ address, channelArgs });
  const native = await NativeConnection.connect({ address });
  const running: RunningWorker[] = [];
  const taskQueue = `t${randomBytes(4).toString('hex')}`;
  const llmTaskQueue = `${taskQueue}-llm`;
  const published: PublishItem['result'][] = [];

  return {
    client: new Client({ connection, namespace }),
    taskQueue,
    llmTaskQueue,
    published,
    startWorkflows: (activities, options) =>
      start(
        taskQueue,
        {
          publishResults: ({ items }) => {
            published.push(...items.map(({ result }) => result));
            return Promise.resolve({ tooLarge: [] });
          },
          ...activities,
        },
        options,
      ),
    startLlm: (activities, options) => start(llmTaskQueue, activities, options),
    async close() {
      await Promise.all(running.map((worker) => worker.stop()));
      await native.close();
      await connection.close();
    },
  };

  async function start(
    queue: string,
    activities: Partial<Activities>,
    options: Partial<WorkerOptions> = {},
  ): Promise<RunningWorker> {
    const worker = await Worker.create({
      connection: native,
      namespace,
      taskQueue: queue,
      activities,
      ...(queue === taskQueue && { workflowBundle: { codePath: bundlePath } }),
      ...options,
    });
    const ended = worker.run();
    let stopped = false;
    const stop = async () => {
      if (!stopped) worker.shutdown();
      stopped = true;
      await ended;
    };
    running.push({ stop });
    return { stop };
  }
}
