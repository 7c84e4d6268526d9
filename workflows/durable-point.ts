import { condition, sleep } from '@temporalio/workflow';

/**
 * Ends the current workflow task: when this returns, whatever local activities returned so far is in the history, and a
 * crash no longer makes it again (possibly differently). Costs a timer and a workflow task.
 */
export async function durablePoint(): Promise<void> {
  await sleep(1);
}

/**
 * The time in milliseconds since 1970, durable: the same when the code runs again after a crash. `Date.now()` alone is the start
 * of the current workflow task, which changes when that task is tried again.
 */
export async function durableNow(): Promise<number> {
  const now = Date.now();
  await durablePoint();
  return now;
}

/** Returns when all else that was brought together with what is awaited has come as far as it can: conditions are looked at when nothing is left to run. */
export async function afterAllElse(): Promise<void> {
  let isLooking = true;
  void Promise.resolve().then(() => (isLooking = false));
  await condition(() => !isLooking);
}
