import { createProcess, type HeadwayProcess, type ProcessOptions } from './headway-process';

// Loaded when they are run: whoever only writes a pipeline, or its test, needs no Kafka and no Temporal.

/** A worker: enriches, calls the LLM, post-processes, publishes. */
export function createWorker(options: ProcessOptions = {}): HeadwayProcess {
  return createProcess(options, async (run) => (await import('../workers/run-worker.js')).runWorker(run));
}

/** The Kafka door: makes the records of the queue topic durable, and commits their offsets at once. */
export function createKafkaBridge(options: ProcessOptions = {}): HeadwayProcess {
  return createProcess(options, async (run) =>
    (await import('../bridge/kafka/run-bridge.js')).runKafkaBridge(run),
  );
}

/** The HTTP door. */
export function createHttpBridge(options: ProcessOptions = {}): HeadwayProcess {
  return createProcess(options, async (run) =>
    (await import('../bridge/http/run-http-bridge.js')).runHttpBridge(run),
  );
}
