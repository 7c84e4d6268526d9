import type { Client } from '@temporalio/client';
import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';

export interface TemporalWatch {
  /** Why Temporal cannot be asked at present; undefined while it answers. */
  away(): string | undefined;
  /** A request got no answer: looks at once. */
  suspect(): void;
  stop(): void;
}

const ANSWER_MS = 3_000;

/**
 * Asks Temporal every few seconds whether it is there, so that requests meanwhile are refused at once instead of waiting for their
 * deadline. Asked more often while it is away.
 */
export function watchTemporal({
  client,
  logger,
  everyMs = 5_000,
  everyMsAway = 500,
}: {
  client: Client;
  logger: Logger;
  everyMs?: number;
  everyMsAway?: number;
}): TemporalWatch {
  let reason: string | undefined;
  let looking = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    if (looking || stopped) return;
    looking = true;
    clearTimeout(timer);
    try {
      await client.withDeadline(Date.now() + ANSWER_MS, () => client.workflowService.getSystemInfo({}));
      if (reason !== undefined) logger.info('Temporal answers again');
      reason = undefined;
    } catch (error) {
      if (reason === undefined)
        logger.warn({ reason: messageOf(error) }, 'Temporal does not answer: requests get 503');
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
