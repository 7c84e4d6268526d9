import { constants } from 'node:os';

/** `npm run` passes a Ctrl-C on that the terminal has sent us already; no person is that fast. */
const echoMs = 1_000;

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort, for an orderly stop. One more exits at once;
 * the leash ends the servers then. `exitCode` is 128 plus the signal's number, or 0 without one.
 */
export function interruption(): { signal: AbortSignal; exitCode(): number } {
  const controller = new AbortController();
  let exitCode = 0;
  let firstAt = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - firstAt > echoMs) process.exit(exitCode);
        return;
      }
      firstAt = performance.now();
      exitCode = 128 + constants.signals[name];
      controller.abort(new Error(`Interrupted by ${name}.`));
    });
  }
  return { signal: controller.signal, exitCode: () => exitCode };
}
