import type { Client } from '@temporalio/client';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { Config } from '../runtime/config/config';
import { createKafka } from '../runtime/kafka/client';
import { createLogger, type Logger } from '../runtime/logger';
import { connectTemporalClient } from '../runtime/temporal';
import type { CliContext } from './context';

/** A person waits: after this long a server counts as away. */
const CONNECT_WITHIN_MS = 10_000;

/** Logs nothing unless `LOG_LEVEL` is set, and then to standard error: standard output is for results. */
export function cliLogger({ env, stderr }: CliContext): Logger {
  const level = (env.LOG_LEVEL || 'silent') as Config['log']['level'];
  return createLogger({ level, format: 'json' }, 'headway', { write: (line) => void stderr.write(line) });
}

/** A Kafka client whose requests give up within seconds. Nothing is connected yet. */
export function cliKafka(config: Config['kafka'], context: CliContext) {
  return createKafka(config, cliLogger(context), { retries: 4 });
}

/**
 * Connects to Temporal. Close `client.connection` when done.
 *
 * @throws HeadwayError `HW_SERVER_UNREACHABLE` when it does not answer within seconds, `HW_CONFIG_INVALID` when it refuses
 * the credentials
 */
export async function cliTemporal(config: Config['temporal'], context: CliContext): Promise<Client> {
  const tooLong = AbortSignal.timeout(CONNECT_WITHIN_MS);
  const signal = AbortSignal.any([context.signal, tooLong]);
  try {
    return await connectTemporalClient(config, { logger: cliLogger(context), signal });
  } catch (error) {
    if (!tooLong.aborted || context.signal.aborted) throw error;
    throw unreachable(`Temporal does not answer at ${config.address} (TEMPORAL_ADDRESS)`, error);
  }
}

/** `sentence` names the server, its address and the variable with it. */
export function unreachable(sentence: string, cause: unknown): HeadwayError {
  return new HeadwayError('HW_SERVER_UNREACHABLE', `${sentence}: ${messageOf(cause)}`, { cause });
}
