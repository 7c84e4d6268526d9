import { DefaultLogger, type Logger as SdkLogger, type LogMetadata } from '@temporalio/worker';
import { messageOf } from '../contracts/errors';
import type { Logger } from '../runtime/logger';
import { createSeldom } from '../runtime/seldom';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * What is no trouble though the SDK warns of it: a worker without workflows (ours for LLM calls has none), and a workflow that fails, which is
 * what one with a failed job does. What became of the job, and why, is told where its result is published.
 */
const harmless = /^(No workflows registered|Workflow failed)/;

/** While Temporal is away the SDK's core tells so up to ten times a second, for each poller. */
const CORE_EVERY_MS = 30_000;

/**
 * Temporal's SDK logs through ours. Its workflow and activity lines carry the workflow id already. Lines of its core that differ in numbers
 *, ids and names of calls only come at most every 30 s, with how many there were; errors all come.
 */
export function toSdkLogger(logger: Logger, now?: () => number): SdkLogger {
  const child = logger.child({ part: 'temporal' });
  const seldom = createSeldom(CORE_EVERY_MS, now);
  return new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    // The SDK tells at INFO what every activity does; that is our DEBUG.
    const ours = level === 'INFO' || harmless.test(message) ? 'debug' : levels[level];
    if (meta?.sdkComponent !== 'core' || level === 'ERROR') return child[ours](withReason(meta), message);
    seldom(kindOf(message), (times) =>
      child[ours]({ ...withReason(meta), ...(times > 1 && { times }) }, message),
    );
  });
}

/**
 * `gRPC call poll_activity_task_queue retried 6 times` is the same whatever is called, and however often; what is quoted, or has a digit in it
 * (ids, hashes, tokens, counts, times), is that of one workflow or call.
 */
function kindOf(message: string): string {
  return message
    .replace(/^gRPC call \w+/, 'gRPC call')
    .replace(/"[^"]*"/g, '#')
    .replace(/[^\s,;:()[\]{}]*\d[^\s,;:()[\]{}]*/g, '#')
    .slice(0, 200);
}

/** An error as JSON is empty. */
function withReason({ error, ...fields }: LogMetadata = {}): LogMetadata {
  if (!(error instanceof Error)) return error === undefined ? fields : { ...fields, error: error as unknown };
  return { ...fields, reason: messageOf(error), code: (error as { type?: unknown }).type };
}
