import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { IllegalStateError } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils';
import { bundlePath } from '../bundle-path';
import { explainReplayError } from './explain-replay-error';

export interface NamedHistory {
  /** Workflow id, or what the file of the history is called. */
  name: string;
  history: History;
}

export interface Replayed {
  name: string;
  /** Why it must not be deployed like this, in sentences for whoever made the change. Absent: it fits. */
  problem?: string;
}

export type ReplayOptions = Pick<ReplayWorkerOptions, 'dataConverter'> & {
  /** Default: the workflow bundle of this build. */
  bundle?: string;
};

/**
 * Runs the workflow code of this build over histories that were written before: the test whether workflows in flight could go on
 * with it. Nothing is done a second time, since what activities returned comes out of the history. One at a time.
 */
export async function* replayHistories(
  histories: AsyncIterable<NamedHistory> | Iterable<NamedHistory>,
  { bundle = bundlePath, ...options }: ReplayOptions = {},
): AsyncGenerator<Replayed> {
  silenceRuntime();
  const results = Worker.runReplayHistories({ ...options, workflowBundle: { codePath: bundle } }, forSdk());
  for await (const { workflowId: name, error } of results) {
    yield error ? { name, problem: explainReplayError(name, error) } : { name };
  }

  async function* forSdk() {
    for await (const { name, history } of histories) yield { workflowId: name, history };
  }
}

/** The SDK logs a stack trace for each history that does not fit; ours is the sentence. */
function silenceRuntime(): void {
  try {
    const logger = new DefaultLogger('ERROR', () => undefined);
    Runtime.install({ logger, telemetryOptions: { logging: { filter: 'OFF' } } });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
