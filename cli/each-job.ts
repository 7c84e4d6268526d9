import { type ErrorCode, HeadwayError } from '../contracts/errors';
import type { JobView } from '../contracts/job-view';
import { createLimit } from '../runtime/limit';
import { redact } from '../runtime/redact';
import type { CliContext } from './context';
import { exitCodeFor, exitCodeOf } from './exit-code-of';
import { exitCodes } from './exit-codes';
import { formatTable, printJson } from './output';
import { printableLine } from './printable';

/** More would only wait in the server. */
const CONCURRENCY = 8;

export interface JobOutcome {
  id: string;
  job?: JobView;
  error?: { code: ErrorCode; message: string };
}

/**
 * Does something to each of several jobs. One that cannot be helped does not keep the others from it, whatever its trouble: no worker for its
 * workflow, or a server that was away for a moment.
 *
 * @throws what was wrong with the first, when none could be helped because of the servers; an error without a code
 */
export async function forEachJob(
  ids: readonly string[],
  act: (id: string) => Promise<JobView>,
): Promise<JobOutcome[]> {
  const limit = createLimit(CONCURRENCY);
  const away: HeadwayError[] = [];
  const outcomes = await Promise.all(ids.map((id) => limit(() => outcomeOf(id))));
  if (away[0] && away.length === ids.length) throw away[0];
  return outcomes;

  async function outcomeOf(id: string): Promise<JobOutcome> {
    try {
      return { id, job: await act(id) };
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
      if (exitCodeOf(error) === exitCodes.failed) away.push(error);
      return { id, error: { code: error.code, message: redact(error.message) } };
    }
  }
}

/** Says what was done to each. Ends with 3 when the servers did not let one of them be done, with 1 when one could not be done otherwise. */
export function printOutcomes(context: CliContext, outcomes: JobOutcome[], done: string, json = false): void {
  if (json) printJson(context, outcomes);
  else {
    const rows = outcomes.map(({ id, error }) => [
      id,
      error ? printableLine(`${error.code}: ${error.message}`) : done,
    ]);
    context.stdout.write(`${formatTable(rows)}\n`);
  }
  const codes = outcomes.flatMap(({ error }) => (error ? [exitCodeFor(error.code)] : []));
  if (codes.length > 0) {
    context.exitCode = codes.includes(exitCodes.failed) ? exitCodes.failed : exitCodes.badFinding;
  }
}
