import pino from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config/config';
import { redact } from './redact';

/**
 * A pino logger. Lines about a job carry `jobId`, lines about a workflow `workflowId`: use these names, or take
 * `logger.child({ jobId, workflowId })`, so that one search finds all lines of a job in every process.
 */
export type Logger = pino.Logger;

/**
 * Writes to standard output: one JSON object a line, or for people when that is a terminal.
 *
 * @param name the process, in every line
 * @param output where to write instead, for tests
 */
export function createLogger(
  config: Config['log'],
  name: string,
  output: pino.DestinationStream & { isTTY?: boolean } = process.stdout,
): Logger {
  const forPeople = config.format === 'pretty' || (config.format === 'auto' && output.isTTY === true);
  return pino(
    {
      name,
      level: config.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: redact },
    },
    forPeople ? prettyStream(output) : jsonStream(output),
  );
}

/** Synchronous, as the one below: the last line before an exit is the one that is needed most. */
function jsonStream(output: pino.DestinationStream): pino.DestinationStream {
  return output === process.stdout ? pino.destination({ fd: 1, sync: true }) : output;
}

function prettyStream(output: pino.DestinationStream): pino.DestinationStream {
  return pretty({
    destination: output === process.stdout ? 1 : output,
    colorize: output === process.stdout && process.stdout.isTTY,
    sync: true,
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
  });
}
