import { messageOf } from '../contracts/errors';
import type { Logger } from './logger';

export interface ServerWatch {
  /** Why the server cannot be asked at present; undefined while it answers. */
  away(): string | undefined;
  /** A request got no answer: looks at once. */
  suspect(): void;
  stop(): void;
}

export interface WatchServerOptions {
  /** For sentences about it. */
  name: string;
  /** Rejects when the server does not answer. */
  ask: () => Promise<unknown>;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** What it means for this process that the server is away, for the log. */
  consequence: string;
  everyMs?: number;
  everyMsAway?: number;
}

/**
 * Asks a server every few seconds whether it is there, so that a process can say so, or refuse requests at once instead of letting them wait
 * for their deadline. Asked more often while it is away.
 */
export function watchServer({
  name,
  ask,
  logger,
  consequence,
  everyMs = 5_000,
  everyMsAway = 500,
}: WatchServerOptions): ServerWatch {
  let reason: string | undefined;
  let looking = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    if (looking || stopped) return;
    looking = true;
    clearTimeout(timer);
    try {
      await ask();
      if (reason !== undefined) logger.info(`${name} answers again`);
      reason = undefined;
    } catch (error) {
      if (reason === undefined)
        logger.warn({ reason: messageOf(error) }, `${name} does not answer: ${consequence}`);
      reason = `${name} does not answer`;
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
