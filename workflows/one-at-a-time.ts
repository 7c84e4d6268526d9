/**
 * Runs what it is given one after the other, in order of the calls. A failure is that of its caller alone.
 *
 * Local activities of one workflow must not run beside each other. Their ends come to the workflow one by one while it runs, but together when
 * it is replayed; what their callers do next would then be numbered in another order, and a workflow that does not replay stands still for ever.
 */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
