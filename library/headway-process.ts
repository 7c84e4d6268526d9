import type { Pipeline } from '../pipelines/define-pipeline';
import type { RunOptions } from '../runtime/run-options';
import { createShutdown, ShuttingDown } from '../runtime/shutdown';

/** Of `createWorker`, `createKafkaBridge` and `createHttpBridge`. */
export interface ProcessOptions {
  /** Besides the shipped ones and those of HEADWAY_PIPELINES. */
  pipelines?: readonly Pipeline[];
  /** What is configured, by the variables of docs/reference/configuration.md. Default: `process.env`. */
  env?: Record<string, string | undefined>;
}

/** A part of Headway inside a program. It handles no signals and never ends the program. */
export interface HeadwayProcess {
  /**
   * Works until it is stopped. Called again, it is the same run.
   *
   * @throws HeadwayError `HW_CONFIG_INVALID` when the configuration or a pipeline cannot be used; whatever makes it give up later
   */
  run(): Promise<void>;
  /** Ends it in order, and resolves when it has ended. Does not throw, and may be called again. */
  stop(): Promise<void>;
}

export function createProcess(
  { pipelines, env }: ProcessOptions,
  program: (options: RunOptions) => Promise<void>,
): HeadwayProcess {
  let shutdown: ReturnType<typeof createShutdown> | undefined;
  let stopped = false;
  let running: Promise<void> | undefined;
  return {
    run: () => (running ??= run()),
    async stop() {
      stopped = true;
      shutdown?.begin('stopped by the program');
      await running?.catch(() => undefined);
    },
  };

  async function run(): Promise<void> {
    try {
      await program({
        env,
        pipelines,
        openShutdown: (logger) => {
          shutdown = createShutdown(logger);
          if (stopped) shutdown.begin('stopped by the program');
          return shutdown;
        },
      });
      // The HTTP door is open now; the others have ended because of the shutdown.
      await shutdown?.ended;
    } catch (error) {
      shutdown?.begin('failed', true);
      await shutdown?.ended;
      if (!(error instanceof ShuttingDown)) throw error;
    }
  }
}
