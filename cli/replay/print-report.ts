import type { CliContext } from '../context';
import { exitCodes } from '../exit-codes';
import { printJson } from '../output';
import { printable } from '../printable';
import type { ReplayReport } from './replay-all';

export interface RunningReport extends ReplayReport {
  /** Whether there are running workflows beyond the limit, of which nothing is known. Absent where files were replayed. */
  more?: boolean;
}

/** Says what was found. Ends with 1 when something speaks against this build. */
export function printReport(
  context: CliContext,
  report: RunningReport,
  { limit, json }: { limit: number; json?: boolean },
): void {
  const { problems, more } = report;
  if (json) printJson(context, { ok: problems.length === 0, ...report });
  else
    context.stdout.write(problems.map((problem) => `${printable(problem)}\n\n`).join('') + verdict(report));
  if (more) {
    context.stderr.write(`There are more than ${limit} running workflows; --limit looks at more.\n`);
  }
  if (problems.length > 0) context.exitCode = exitCodes.badFinding;
}

function verdict({ replayed, problems }: ReplayReport): string {
  if (replayed === 0) return 'There was no history to replay.\n';
  const good = replayed - problems.length;
  return `${good} of ${replayed} histories fit this build.\n`;
}
