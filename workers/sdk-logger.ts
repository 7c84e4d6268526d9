import { DefaultLogger, type Logger as SdkLogger } from '@temporalio/worker';
import type { Logger } from '../runtime/logger';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's SDK logs through ours. Its workflow and activity lines carry the workflow id already. */
export function toSdkLogger(logger: Logger): SdkLogger {
  const child = logger.child({ part: 'temporal' });
  return new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    // The SDK tells at INFO what every activity does; that is our DEBUG. So is a worker without workflows: ours for LLM calls has none.
    const ours = level === 'INFO' || message.startsWith('No workflows registered') ? 'debug' : levels[level];
    child[ours]({ ...meta }, message);
  });
}
