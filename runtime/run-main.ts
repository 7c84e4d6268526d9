import { errorCodes, HeadwayError, messageOf } from '../contracts/errors';
import { withDocsOfHere } from './in-user-terms';
import { redact } from './redact';
import { ShuttingDown } from './shutdown';

/**
 * Runs the main function of a process. When it fails, or anything fails that nobody waited for, a sentence is
 * written to standard error and the process exits with 1; the stack trace is there with `LOG_LEVEL=debug`.
 *
 * @param explainUncaught what is said of what fails where nobody waits for it
 */
export async function runMain(
  name: string,
  main: () => Promise<void>,
  explainUncaught: (name: string, error: unknown) => string = explain,
): Promise<void> {
  const fail = (error: unknown, inWords: typeof explainUncaught = explain): void => {
    if (error instanceof ShuttingDown) return;
    process.stderr.write(`${redact(inWords(name, error))}\n`);
    process.exit(1);
  };
  // Also gets every rejection that nobody handles.
  process.on('uncaughtException', (error) => fail(error, explainUncaught));
  try {
    await main();
  } catch (error) {
    fail(error);
  }
}

/** What a person needs: what is wrong, the code to search for, what to do. */
export function explain(name: string, error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const debug = env.LOG_LEVEL === 'debug' || env.LOG_LEVEL === 'trace';
  const stack = debug && error instanceof Error ? `\n${error.stack}` : '';
  if (error instanceof HeadwayError) {
    return `${name}: ${error.message}\n${error.code}: ${withDocsOfHere(errorCodes[error.code].action)}${stack}`;
  }
  const hint = debug ? '' : ' (LOG_LEVEL=debug shows where)';
  return `${name} failed: ${messageOf(firstOf(error))}${hint}${stack}`;
}

/** A connection tried on several addresses fails with an AggregateError that has no text of its own. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && !error.message ? (error.errors[0] ?? error) : error;
}
