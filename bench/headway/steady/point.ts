import type { PartName } from '../cost/parts';

/** A case, once. CPU and memory are those of the window, in which as many jobs end as begin. */
export interface SteadyPoint {
  case: string;
  round: number;
  /** Seconds of the window. */
  seconds: number;
  /** The mean of those that were sent in the window and those whose result came in it: both are work. */
  jobsPerSecond: number;
  /** CPU-milliseconds. */
  cpuMsPerSecond: Record<PartName, number>;
  /** At the highest moment, all processes of a part. */
  megabytes: Record<Exclude<PartName, 'load'>, number>;
  /** Of all jobs, those before the window too; events and transitions a job. Absent where nothing was sent. */
  temporal?: { jobsPerWorkflow: number; events: number; transitions: number };
  /** That the calls of a pack ended in, on average. */
  waves?: number;
  /** From sent to the beginning of the LLM call, and from its end to the result on the topic, of the jobs that were sent in the window. */
  toCallMs?: SteadyWaits;
  lagMs?: SteadyWaits;
  /** How late the sender was at worst. */
  worstLateMs: number;
}

export interface SteadyWaits {
  p50: number;
  p95: number;
  p99: number;
}
