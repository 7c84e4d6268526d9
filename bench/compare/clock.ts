/** Milliseconds of the Unix epoch, as the LLM simulator counts them: never going back. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
