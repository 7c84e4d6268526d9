import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../stack/start-stack';

/** Latencies of the LLM simulator are multiplied by this: an answer that takes 10 s takes 0.2 s. */
const TIME_SCALE = 0.02;

/**
 * Starts one local stack for the whole run. Tests and the processes they start find it through
 * HEADWAY_STACK_FILE, beside a stack that a developer may have running.
 */
export default async function globalSetup(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const stateFile = join(dataDir, 'stack.json');
  const stack = await startStack({
    dataDir,
    stateFile,
    partitions: 4,
    simulator: { seed: 1, timeScale: TIME_SCALE },
    onProgress: (line) => process.stderr.write(`[stack] ${line}\n`),
  });
  process.env.HEADWAY_STACK_FILE = stateFile;

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= stack.stop().then(() => rm(dataDir, { recursive: true, force: true })));
  globalThis.stopTestStack = stop;
  // Jest leaves on a signal without its teardown, and the servers would outlive it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void stop().finally(() => process.exit(130)));
  }
}

declare global {
  var stopTestStack: (() => Promise<void>) | undefined;
}
