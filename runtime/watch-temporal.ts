import type { ConnectionLike } from '@temporalio/client';
import { watchServer, type ServerWatch, type WatchServerOptions } from './watch-server';

const ANSWER_MS = 3_000;

export interface WatchTemporalOptions extends Omit<WatchServerOptions, 'name' | 'ask'> {
  /** A client, or a connection of either kind. */
  temporal: {
    withDeadline<R>(deadline: number, work: () => Promise<R>): Promise<R>;
    workflowService: Pick<ConnectionLike['workflowService'], 'getSystemInfo'>;
  };
}

/** Watches whether Temporal is there, as `watchServer` does. */
export function watchTemporal({ temporal, ...options }: WatchTemporalOptions): ServerWatch {
  const ask = () =>
    temporal.withDeadline(Date.now() + ANSWER_MS, () => temporal.workflowService.getSystemInfo({}));
  return watchServer({ ...options, name: 'Temporal', ask });
}
