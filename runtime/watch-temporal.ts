import type { ConnectionLike } from '@temporalio/client';
import { messageOf } from '../contracts/errors';
import type { Logger } from './logger';

export interface TemporalWatch {
  /** Why Temporal cannot be asked at present; undefined while it answers. */
  away(): string | undefined;
  /** A request got no answer: looks at once. */
  suspect(): void;
  stop(): void;
}

const ANSWER_MS = 3_000;

export interface WatchTemporalOptions {
  /** A client, or a connection of either kind. */
  temporal: {
    withDeadline<R>(deadline: number, work: () => Promise<R>): Promise<R>;
    workflowService: Pick<ConnectionLike['workflowService'], 'getSystemInfo'>;
  };
  logger: Pick<Logger, 'info' | 'warn'>;
  /** What it means for this process that Temporal is away, for the log. */
  consequence: string;
  everyMs?: number;
  everyMsAway?: number;
}

/**
 * Asks Temporal every few seconds whether it is there, so that a process can say so, or refuse requests at once instead of letting them wait
 * for their deadline. Asked more often while it is away.
 */
export function watchTemporal({
  temporal,
  logger,
  consequence,
  everyMs = 5_000,
  everyMsAway = 500,
}: WatchTemporalOptions): TemporalWatch {
  let reason: string | undefined;
  let looking = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    if (looking || stopped) return;
    looking = true;
    clearTimeout(timer);
    try {
      await temporal.withDeadline(Date.now() + ANSWER_MS, () => temporal.workflowService.getSystemInfo({}));
      if (reason !== undefined) logger.info('Temporal answers again');
      reason = undefined;
    } catch (error) {
      if (reason === undefined)
        logger.warn({ reason: messageOf(error) }, `Temporal does not answer: ${consequence}`);
      reason = 'Temporal does not answer';
    }
    looking = false;
    if (!stopped) timer = setTimeout(() => void look(), reason === undefined ? everyMs : everyMsAway);
  };
  void look();

  return {
    away: () => reason,
    suspect: () => void look(),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
