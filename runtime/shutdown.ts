import { isEchoedSignal } from './echoed-signal';
import type { Logger } from './logger';

/** The reason of `Shutdown.signal`; whatever a cancelled wait throws because of it is not a failure. */
export class ShuttingDown extends Error {
  override readonly name = 'ShuttingDown';
}

export interface Shutdown {
  /** Aborted when the shutdown begins: stop waiting, take nothing new. */
  readonly signal: AbortSignal;
  /** `run` is called in the shutdown, after those added later. Added during the shutdown, it is called next. */
  add(name: string, run: () => Promise<void> | void): void;
  /** Begins the shutdown without a signal. Exits with 1 when `failed`. */
  begin(reason: string, failed?: boolean): void;
}

export interface ShutdownOptions {
  /** Milliseconds until the process exits although a step has not ended. Default: 30 s. */
  deadlineMs?: number;
  env?: NodeJS.ProcessEnv;
}

/**
 * Makes SIGINT and SIGTERM end this process in order: the steps run once, the last one added first, then it exits,
 * with 0, or with 1 when a step failed. A second signal exits at once. With `HEADWAY_EXIT_WITH_PARENT` the same
 * happens when standard input closes, which it does when the parent dies, however it dies.
 */
export function onShutdown(logger: Logger, options: ShutdownOptions = {}): Shutdown {
  const { deadlineMs = 30_000, env = process.env } = options;
  const shutdown = createShutdown(logger, () => {
    setTimeout(() => {
      logger.error({ deadlineMs }, 'shutdown took too long: exiting now');
      process.exit(1);
    }, deadlineMs);
  });
  void shutdown.ended.then((failed) => process.exit(failed ? 1 : 0));

  let firstAt = -Infinity;
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 })) {
    process.on(signal, () => {
      if (isEchoedSignal(firstAt, env)) return;
      if (shutdown.signal.aborted) process.exit(128 + number);
      firstAt = performance.now();
      shutdown.begin(signal);
    });
  }
  if (isSet(env.HEADWAY_EXIT_WITH_PARENT)) {
    for (const event of ['end', 'close', 'error'])
      process.stdin.on(event, () => shutdown.begin('parent is gone'));
    process.stdin.resume();
  }
  return shutdown;
}

/**
 * The shutdown of a part of a process: `begin` runs the steps, and the process goes on.
 *
 * @returns also `ended`, which says when all steps have run, and whether something failed
 */
export function createShutdown(
  logger: Logger,
  onBegin: () => void = () => undefined,
): Shutdown & { ended: Promise<boolean> } {
  const controller = new AbortController();
  const steps: Step[] = [];
  let begun = false;
  let anyFailed = false;
  let end: (failed: boolean) => void;
  const ended = new Promise<boolean>((resolve) => (end = resolve));

  const runStep = async ({ name, run }: Step): Promise<void> => {
    const startedAt = Date.now();
    try {
      await run();
      logger.debug({ step: name, ms: Date.now() - startedAt }, 'stopped');
    } catch (error) {
      anyFailed = true;
      logger.error({ step: name, err: error }, 'could not be stopped in order');
    }
  };

  const begin = (reason: string, failed = false): void => {
    if (failed) anyFailed = true;
    if (begun) return;
    begun = true;
    logger.info({ reason }, 'shutting down');
    onBegin();
    controller.abort(new ShuttingDown(`shutting down: ${reason}`));
    void inReverse(steps, runStep).then(() => {
      logger.info('stopped');
      end(anyFailed);
    });
  };

  return {
    ended,
    signal: controller.signal,
    begin,
    add(name, run) {
      steps.push({ name, run });
    },
  };
}

interface Step {
  name: string;
  run: () => Promise<void> | void;
}

/** Steps that come in meanwhile are at the end, and so are next. */
async function inReverse(steps: Step[], run: (step: Step) => Promise<void>): Promise<void> {
  for (let step = steps.pop(); step; step = steps.pop()) await run(step);
}

function isSet(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}
