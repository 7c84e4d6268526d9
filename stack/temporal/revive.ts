import { Connection } from '@temporalio/client';
import { messageOf } from '../../contracts/errors';
import type { ServerContext, ServerHandle } from '../types';

const LOOK_EVERY_MS = 5_000;
const LOOKS_IN_A_ROW = 3;
const ANSWER_WITHIN_MS = 3_000;

export interface ReviveOptions {
  context: Pick<ServerContext, 'signal' | 'onRestart'>;
  server: ServerHandle;
  /** Reads something from the server's database. */
  read: () => Promise<unknown>;
  everyMs?: number;
}

/**
 * Restarts the development server when its database is gone for good, until the stack stops. On an overloaded machine a query that is given up can
 * leave its only SQLite connection interrupted for ever: every request fails, and the process lives on. Restarted it has lost nothing.
 * https://www.sqlite.org/c3ref/interrupt.html: an interrupt lasts while any statement of the connection is unfinished.
 */
export function reviveInterrupted({ context, server, read, everyMs = LOOK_EVERY_MS }: ReviveOptions): void {
  if (context.signal.aborted) return;
  let inARow = 0;
  const timer = setTimeout(() => void look(), everyMs).unref();
  context.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  async function look(): Promise<void> {
    inARow = (await isInterrupted()) ? inARow + 1 : 0;
    if (inARow === LOOKS_IN_A_ROW && server.pid !== undefined) {
      inARow = 0;
      const reason = 'its SQLite connection was interrupted for good';
      // Somebody else may end it at the same time, and starts it then.
      await server.restart().then(
        () => context.onRestart({ name: server.name, logFile: server.logFile, reason }),
        () => undefined,
      );
    }
    if (!context.signal.aborted) timer.refresh();
  }

  async function isInterrupted(): Promise<boolean> {
    try {
      await read();
      return false;
    } catch (error) {
      return /interrupted \(9\)/.test(messageOf(error));
    }
  }
}

/** Asks for a namespace that does not exist, which no cache knows. @throws what the database says */
export async function readDatabase(address: string): Promise<void> {
  // Without repeats, which would end in a deadline that says nothing.
  const connection = await Connection.connect({
    address,
    connectTimeout: ANSWER_WITHIN_MS,
    interceptors: [],
  });
  try {
    await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      connection.workflowService.describeNamespace({ namespace: 'headway-is-the-database-there' }),
    );
  } catch (error) {
    const NOT_FOUND = 5;
    if ((error as { code?: number }).code !== NOT_FOUND) throw error;
  } finally {
    await connection.close();
  }
}
