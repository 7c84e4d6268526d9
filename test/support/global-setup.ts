import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgressPrinter } from '../../stack/progress-printer';
import { startStack } from '../../stack/start-stack';

/** Latencies of the LLM simulator are multiplied by this: an answer that takes 10 s takes 0.2 s. */
const TIME_SCALE = 0.02;

/**
 * Starts one local stack for the whole run. Tests and the processes they start find it through
 * HEADWAY_STACK_FILE, beside a stack that a developer may have running.
 */
export default async function globalSetup(): Promise<void> {
  // Tests ask the simulator, whatever the developer has set: the real API costs money.
  delete process.env.OPENAI_API_KEY;
  delete process.env.OPENAI_BASE_URL;
  const folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const stateFile = join(folder, 'stack.json');
  process.env.HEADWAY_STACK_FILE = stateFile;

  const interrupted = new AbortController();
  const progress = createProgressPrinter(process.stderr);
  const starting = startStack({
    dataDir: join(folder, 'data'),
    stateFile,
    partitions: 4,
    simulator: { seed: 1, timeScale: TIME_SCALE },
    signal: interrupted.signal,
    onProgress: progress.onProgress,
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= starting
      .then((stack) => stack.stop())
      .finally(() => rm(folder, { recursive: true, force: true })));
  globalThis.stopTestStack = stop;

  // Jest leaves on a signal without its teardown, and the servers would outlive it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted.abort(new Error(`interrupted by ${signal}`));
      void stop()
        .catch(() => {})
        .finally(() => process.exit(130));
    });
  }
  try {
    await starting;
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  } finally {
    progress.close();
  }
}

declare global {
  var stopTestStack: (() => Promise<void>) | undefined;
}
