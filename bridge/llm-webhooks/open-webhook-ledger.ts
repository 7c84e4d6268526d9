import { HeadwayError, messageOf } from '../../contracts/errors';
import type { Database } from '../../pipelines/define-pipeline';
import { createDatabase } from '../../runtime/database';
import type { Logger } from '../../runtime/logger';
import { startPruning } from '../prune-job-ids';
import { createWebhookLedger, type WebhookLedger } from './webhook-ledger';

/** Longer than a webhook may be repeated by somebody who overheard it, and than a worker may be behind. */
const KEPT_MS = 15 * 60_000;
const PRUNE_EVERY_MS = 60_000;

/**
 * Connects to the table of webhooks, and forgets old ones now and then until it is closed. A database that is away is no trouble yet:
 * until it is back webhooks are refused, and the provider sends them again.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when the table or a right to it is missing
 */
export async function openWebhookLedger(
  url: string,
  logger: Logger,
): Promise<WebhookLedger & { close(): Promise<void> }> {
  const database = createDatabase({ url }, undefined, logger);
  try {
    await checkWebhookLedger(database);
  } catch (error) {
    if (error instanceof HeadwayError) {
      await database.close();
      throw error;
    }
    logger.warn({ reason: messageOf(error) }, 'the database for webhooks of the LLM provider is away');
  }
  const ledger = createWebhookLedger(database);
  const pruning = startPruning(ledger, KEPT_MS, logger, { roundMs: PRUNE_EVERY_MS, what: 'webhooks' });
  return {
    ...ledger,
    async close() {
      await pruning.stop();
      await database.close();
    },
  };
}

/** @throws HeadwayError `HW_CONFIG_INVALID` when the door could not work with the table; otherwise what the database says */
export async function checkWebhookLedger(database: Database): Promise<void> {
  const [found] = await database.query<{ exists: boolean; usable: boolean | null }>(CHECK);
  if (found?.exists && found.usable) return;
  throw new HeadwayError(
    'HW_CONFIG_INVALID',
    found?.exists
      ? 'OPENAI_WEBHOOK_SECRET needs the rights to select, insert, update and delete on the table headway_llm_webhooks, and to use the ' +
          'sequence headway_llm_webhooks_order, which the user in DATABASE_URL does not have: grant them'
      : 'OPENAI_WEBHOOK_SECRET needs the table headway_llm_webhooks, which the database at DATABASE_URL does not have: apply ' +
          'stack/postgres/migrations/005_llm_webhooks.sql to it',
  );
}

const rights = ['select', 'insert', 'update', 'delete'];

const CHECK = `
  select to_regclass('headway_llm_webhooks') is not null as exists,
    ${rights.map((right) => `has_table_privilege(to_regclass('headway_llm_webhooks'), '${right}')`).join(' and ')}
      and has_sequence_privilege(to_regclass('headway_llm_webhooks_order'), 'usage') as usable`;
