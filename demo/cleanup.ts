import { setTimeout as delay } from 'node:timers/promises';

export interface Cleanup {
  /** @param timeoutMs after this time the next step begins, for clients whose server may be gone. Default: none */
  add(step: () => Promise<void>, timeoutMs?: number): void;
  /** Runs the steps, the last one added first. Never throws. A second call waits for the first. */
  run(): Promise<void>;
}

/** What has to be undone before the demo ends, however it ends. */
export function createCleanup(): Cleanup {
  const steps: (() => Promise<void>)[] = [];
  const runAll = async () => {
    for (let step = steps.pop(); step; step = steps.pop()) await step().catch(() => {});
  };
  let running: Promise<void> | undefined;
  return {
    add(step, timeoutMs) {
      steps.push(timeoutMs === undefined ? step : () => Promise.race([step(), delay(timeoutMs)]));
    },
    run: () => (running ??= runAll()),
  };
}
