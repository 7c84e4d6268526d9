import { Pool, type QueryResultRow } from 'pg';
import type { Database } from '../pipelines/define-pipeline';
import { messageOf } from '../contracts/errors';
import { isUnavailable, UnavailableError } from '../contracts/stage-errors';
import type { TaskPriority } from '../contracts/task-priority';
import type { Config } from './config/config';
import { createFairLimit } from './fair-limit';
import type { Logger } from './logger';
import type { WorkerMetrics } from './metrics';

export interface FairDatabase extends Database {
  /** The same database for what has this place: queries that wait for a connection are sent in order of their places. */
  inTurn(turn: TaskPriority): Database;
  close(): Promise<void>;
}

const CONNECTIONS = 10;
const CONNECTION_TIMEOUT_MS = 5_000;

/**
 * The internal data, through at most 10 connections. A query that is not answered in 5 s is given up, and one that
 * gets no connection in 5 s too: the stage that asked is repeated by Temporal.
 */
export function createDatabase(
  config: Config['database'],
  metrics?: Pick<WorkerMetrics, 'databaseQueryDuration'>,
  logger?: Logger,
): FairDatabase {
  const pool = new Pool({
    connectionString: config.url,
    application_name: 'headway',
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: 5_000,
    // When the server is too far gone to keep the limit above.
    query_timeout: 6_000,
    keepAlive: true,
  });
  // Without a listener, a database restart would end the process. The pool replaces the connection by itself.
  pool.on('error', (error) => logger?.warn({ reason: messageOf(error) }, 'database connection lost'));
  // The pool by itself serves in order of asking, and thousands of queries of one tenant would stand in front of all others'.
  const limit = createFairLimit(CONNECTIONS);
  return { ...inTurn(), inTurn, close: () => pool.end() };

  function inTurn(turn?: TaskPriority): Database {
    return {
      async query<Row extends Record<string, unknown>>(
        sql: string,
        parameters?: unknown[],
        signal?: AbortSignal,
      ): Promise<Row[]> {
        const stopTimer = metrics?.databaseQueryDuration.startTimer();
        try {
          return await whenItsTurn(turn, () => ask<Row>(sql, parameters, signal), signal);
        } catch (error) {
          throw isAway(error)
            ? new UnavailableError(`database: ${messageOf(error)}`, { cause: error })
            : error;
        } finally {
          stopTimer?.();
        }
      },
    };
  }

  /** Throws what the pool throws, and after as long, when no connection is free in time. */
  async function whenItsTurn<T>(
    turn: TaskPriority | undefined,
    query: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    const givenUp = new AbortController();
    const giveUp = (): void => givenUp.abort(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    const timer = setTimeout(
      () => givenUp.abort(new Error('timeout exceeded when waiting for a connection')),
      CONNECTION_TIMEOUT_MS,
    );
    const waitNoMore = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    };
    const begin = (): Promise<T> => {
      waitNoMore();
      return query();
    };
    return await limit(turn, begin, givenUp.signal).finally(waitNoMore);
  }

  async function ask<Row>(sql: string, parameters?: unknown[], signal?: AbortSignal): Promise<Row[]> {
    signal?.throwIfAborted();
    const connection = await pool.connect();
    // The query that runs reports a connection that breaks; without a listener it would end the process.
    connection.on('error', ignore);
    let busy = false;
    try {
      signal?.throwIfAborted();
      busy = true;
      const { rows } = await connection.query<Row & QueryResultRow>(sql, parameters);
      busy = false;
      return rows;
    } finally {
      connection.off('error', ignore);
      // A query that was given up may still be running there.
      connection.release(busy);
    }
  }
}

const ignore = (): void => undefined;

/**
 * The server is away or overloaded, whatever the query is. SQLSTATE classes 08 (connection), 53 (resources) and 57P
 * (shutdown); https://www.postgresql.org/docs/current/errcodes-appendix.html. The pool's own errors carry no code.
 */
function isAway(error: unknown): boolean {
  const { code } = error as { code?: string };
  if (isUnavailable(error) || /^(08|53|57P)/.test(code ?? '')) return true;
  return code === undefined && /connection terminated|timeout exceeded|read timeout/i.test(messageOf(error));
}
