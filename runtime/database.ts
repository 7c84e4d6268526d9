import { Pool, type QueryResultRow } from 'pg';
import type { Database } from '../pipelines/define-pipeline';
import { messageOf } from '../contracts/errors';
import type { Config } from './config';
import type { Logger } from './logger';
import type { WorkerMetrics } from './metrics';

/**
 * The internal data, through at most 10 connections. A query that is not answered in 5 s is given up, and one that
 * gets no connection in 5 s too: the stage that asked is repeated by Temporal.
 */
export function createDatabase(
  config: Config['database'],
  metrics?: Pick<WorkerMetrics, 'databaseQueryDuration'>,
  logger?: Logger,
): Database & { close(): Promise<void> } {
  const pool = new Pool({
    connectionString: config.url,
    application_name: 'headway',
    max: 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 5_000,
    // When the server is too far gone to keep the limit above.
    query_timeout: 6_000,
    keepAlive: true,
  });
  // Without a listener, a database restart would end the process. The pool replaces the connection by itself.
  pool.on('error', (error) => logger?.warn({ reason: messageOf(error) }, 'database connection lost'));
  return {
    async query<Row extends Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]> {
      const stopTimer = metrics?.databaseQueryDuration.startTimer();
      try {
        const { rows } = await pool.query<Row & QueryResultRow>(sql, parameters);
        return rows;
      } finally {
        stopTimer?.();
      }
    },
    close: () => pool.end(),
  };
}
