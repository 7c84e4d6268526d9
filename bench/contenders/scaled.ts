import type { RunContext } from './contender';

/** A time of a system's own that mirrors the length of a job or of a failure, in the scale of the run, in milliseconds. */
export function scaled({ timeScale }: Pick<RunContext, 'timeScale'>, ms: number, atLeast = 1): number {
  return Math.max(atLeast, Math.round(ms * timeScale));
}
