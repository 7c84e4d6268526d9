import { setTimeout as delay } from 'node:timers/promises';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { Database } from '../pipelines/define-pipeline';
import type { Config } from '../runtime/config/config';
import { createDatabase } from '../runtime/database';
import type { Logger } from '../runtime/logger';
import { createJobIdLedger, type JobIdLedger } from './job-id-ledger';
import { startPruning } from './prune-job-ids';

export interface OpenLedgerOptions {
  logger: Logger;
  signal: AbortSignal;
}

const RETRY_AFTER_MS = 2_000;

/**
 * Connects to the ledger, waiting for the database as long as it is away, and forgets old ids now and then until it is closed.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when the table or a right to it is missing; the reason of `signal`
 */
export async function openJobIdLedger(
  { url, retentionMs }: NonNullable<Config['jobIds']['ledger']>,
  { logger, signal }: OpenLedgerOptions,
): Promise<JobIdLedger & { close(): Promise<void> }> {
  const database = createDatabase({ url }, undefined, logger);
  for (;;) {
    signal.throwIfAborted();
    try {
      await checkLedger(database);
      break;
    } catch (error) {
      if (error instanceof HeadwayError) throw error;
      logger.warn({ reason: messageOf(error), retryInMs: RETRY_AFTER_MS }, 'waiting for the job-id ledger');
      await delay(RETRY_AFTER_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
  const ledger = createJobIdLedger(database);
  const pruning = startPruning(ledger, retentionMs, logger);
  return {
    ...ledger,
    async close() {
      await pruning.stop();
      await database.close();
    },
  };
}

const rights = ['select', 'insert', 'update', 'delete'] as const;

/**
 * @throws HeadwayError `HW_CONFIG_INVALID` when the bridge could not work with the table; otherwise what the database says
 */
export async function checkLedger(database: Database): Promise<void> {
  const [found] = await database.query<Record<string, boolean | null>>(CHECK);
  if (!found?.exists) {
    throw new HeadwayError(
      'HW_CONFIG_INVALID',
      'JOB_ID_DEDUPE=ledger needs the table headway_job_ids, which the database at DATABASE_URL does not have: apply ' +
        'stack/postgres/migrations/002_job_ids.sql to it',
    );
  }
  const missing = rights.filter((right) => !found[right]);
  if (missing.length === 0) return;
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    `JOB_ID_DEDUPE=ledger needs the right to ${missing.join(', ')} on the table headway_job_ids, which the user in ` +
      'DATABASE_URL does not have: grant it',
  );
}

const CHECK = `
  select to_regclass('headway_job_ids') is not null as exists,
    ${rights.map((right) => `has_table_privilege(to_regclass('headway_job_ids'), '${right}') as "${right}"`).join(', ')}`;
