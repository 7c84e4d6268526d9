import { DefaultLogger, type Logger as SdkLogger, type LogMetadata } from '@temporalio/worker';
import { messageOf } from '../contracts/errors';
import type { Logger } from '../runtime/logger';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * What is no trouble though the SDK warns of it: a worker without workflows (ours for LLM calls has none), and a workflow that fails, which is
 * what one with a failed job does. What became of the job, and why, is told where its result is published.
 */
const harmless = /^(No workflows registered|Workflow failed)/;

/** Temporal's SDK logs through ours. Its workflow and activity lines carry the workflow id already. */
export function toSdkLogger(logger: Logger): SdkLogger {
  const child = logger.child({ part: 'temporal' });
  return new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    // The SDK tells at INFO what every activity does; that is our DEBUG.
    const ours = level === 'INFO' || harmless.test(message) ? 'debug' : levels[level];
    child[ours](withReason(meta), message);
  });
}

/** An error as JSON is empty. */
function withReason({ error, ...fields }: LogMetadata = {}): LogMetadata {
  if (!(error instanceof Error)) return error === undefined ? fields : { ...fields, error: error as unknown };
  return { ...fields, reason: messageOf(error), code: (error as { type?: unknown }).type };
}
