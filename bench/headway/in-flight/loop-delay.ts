import { readMetrics } from '../../flood/sampler';
import { rounded } from '../spread';
import type { LoopDelay } from './point';

/** How late the event loop of a process was since it was asked last: each question starts it anew, so nobody else may ask. */
export async function takeLoopDelay(statusAddress: string): Promise<LoopDelay> {
  const metric = await readMetrics(statusAddress);
  const ms = (quantile: string) => rounded(1_000 * metric(`nodejs_eventloop_lag_${quantile}_seconds`), 1);
  return { p50: ms('p50'), p99: ms('p99'), max: ms('max') };
}
