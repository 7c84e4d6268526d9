import type { CallEvent } from '../../../stack/llm-simulator/event-log';
import { quantilesOf, type Waited } from '../../compare/quantiles';
import type { EngineCost } from './engine-cost';
import type { PartName } from './parts';

/** A way in a scenario, once. */
export interface Round {
  way: string;
  scenario: string;
  round: number;
  jobs: number;
  /** From the first record until the last result is on its topic. */
  ms: number;
  jobsPerSecond: number;
  /** Until nothing is left to do after that. */
  cpuMsPerJob: Record<PartName, number>;
  /** From the end of a job's LLM call to its result on the topic. */
  lagMs: { p50: number; p95: number };
  /** Of the workflows, where there are any; events and transitions a job. */
  temporal?: { jobsPerWorkflow: number; events: number; transitions: number };
}

export function lagOf(...measured: Parameters<typeof lagsOf>): Round['lagMs'] {
  const { p50, p95 } = quantilesOf(lagsOf(...measured));
  return { p50: Math.round(p50.ms), p95: Math.round(p95.ms) };
}

/**
 * From the end of each job's LLM call to its result.
 *
 * @throws Error when a job has no call that came to an end: the lag would be that of others
 */
export function lagsOf(
  results: readonly { id: string; at: number }[],
  calls: readonly CallEvent[],
): Waited[] {
  const endedAt = new Map<string, number>();
  for (const { job, what, at } of calls) if (what === 'completed') endedAt.set(job, at);
  return results.map(({ id, at }) => {
    const ended = endedAt.get(id);
    if (ended === undefined)
      throw new Error(`the simulator knows of no call of job ${id} that was completed`);
    return { ms: at - ended, atLeast: false };
  });
}

export function perJob({ workflows, events, transitions }: EngineCost, jobs: number): Round['temporal'] {
  return {
    jobsPerWorkflow: jobs / workflows,
    events: events / jobs,
    transitions: transitions / jobs,
  };
}
