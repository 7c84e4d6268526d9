import { type ErrorCode, HeadwayError } from '../contracts/errors';
import type { JobView } from '../contracts/job-view';
import { createLimit } from '../runtime/limit';
import type { CliContext } from './context';
import { exitCodeOf } from './exit-code-of';
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
 * Does something to each of several jobs. One that cannot be helped does not keep the others from it.
 *
 * @throws what is not about one job: a server that is away
 */
export async function forEachJob(
  ids: readonly string[],
  act: (id: string) => Promise<JobView>,
): Promise<JobOutcome[]> {
  const limit = createLimit(CONCURRENCY);
  return await Promise.all(ids.map((id) => limit(() => outcomeOf(id))));

  async function outcomeOf(id: string): Promise<JobOutcome> {
    try {
      return { id, job: await act(id) };
    } catch (error) {
      if (!(error instanceof HeadwayError) || exitCodeOf(error) === exitCodes.failed) throw error;
      return { id, error: { code: error.code, message: error.message } };
    }
  }
}

/** Says what was done to each, and ends with 1 when something could not be done. */
export function printOutcomes(context: CliContext, outcomes: JobOutcome[], done: string, json = false): void {
  if (json) printJson(context, outcomes);
  else {
    const rows = outcomes.map(({ id, error }) => [
      id,
      error ? printableLine(`${error.code}: ${error.message}`) : done,
    ]);
    context.stdout.write(`${formatTable(rows)}\n`);
  }
  if (outcomes.some(({ error }) => error)) context.exitCode = exitCodes.badFinding;
}
