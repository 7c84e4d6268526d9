import type { Jobs } from '../../bridge/jobs/jobs';
import { HeadwayError } from '../../contracts/errors';
import type { CliContext } from '../context';
import { exitCodes } from '../exit-codes';
import { followJobs, type SeenJob } from '../follow-jobs';
import { HeadwayCommand } from '../headway-command';
import { withJobs, type WithJobs } from '../open-jobs';
import { readJobId, readJobIds } from '../read-job-id';
import { readLimit } from '../read-number';
import { splitLines } from '../submit/split-lines';
import { untilInterrupted } from '../until-interrupted';
import { createWatchView } from '../watch-view';

interface Options {
  limit: number;
  json?: boolean;
}

/** `headway watch`: jobs until they end. */
export function watchCommand(context: CliContext, open: WithJobs = withJobs): HeadwayCommand {
  return new HeadwayCommand('watch')
    .description('watch jobs until all have ended: a live table, lines in a pipe')
    .argument('[ids...]', 'job ids; - reads them from standard input; none: those in progress', readIds)
    .option('--limit <n>', 'without ids: at most so many', readLimit, 50)
    .option('--json', 'print JSON, a line for each change')
    .withExample('headway watch brief-0001 brief-0002')
    .exitsWithOneWhen('one of them did not complete, or nobody has known it for a minute')
    .action(async (ids: string[] | undefined, options: Options) => {
      await open(context, async (jobs) =>
        watch(jobs, await idsToWatch(jobs, ids, options, context), options),
      );
    });

  async function watch(jobs: Jobs, ids: string[], { json }: Options): Promise<void> {
    const view = createWatchView(ids, context, json);
    const { signal } = context;
    for await (const changed of followJobs({ ids, get: (id) => jobs.get(id), signal })) {
      view.show(changed);
      if (changed.some(didNotComplete)) context.exitCode = exitCodes.badFinding;
    }
  }
}

function didNotComplete({ over, view }: SeenJob): boolean {
  return over && view?.status !== 'completed';
}

function readIds(text: string, before: string[] | undefined): string[] {
  return text === '-' ? [...(before ?? []), '-'] : readJobIds(text, before);
}

async function idsToWatch(
  jobs: Jobs,
  given: string[] | undefined,
  { limit }: Options,
  { stdin, stderr, signal }: CliContext,
): Promise<string[]> {
  if (given?.includes('-')) {
    const ids = new Set(given.filter((id) => id !== '-'));
    for await (const { number, bytes } of untilInterrupted(splitLines(stdin), signal))
      ids.add(readLine(number, bytes.toString()));
    if (ids.size === 0) stderr.write('No job ids on standard input.\n');
    return [...ids];
  }
  if (given && given.length > 0) return given;
  const found: string[] = [];
  for (const status of ['in_progress', 'queued'] as const) {
    let cursor: string | undefined;
    do {
      const page = await jobs.list({ status }, { limit: limit - found.length, cursor });
      found.push(...page.jobs.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined && found.length < limit);
    if (found.length >= limit) break;
  }
  if (found.length === 0) stderr.write('No job is in progress.\n');
  return [...new Set(found)];
}

/** An id by itself, or an object with one, as `submit --json` prints it. */
function readLine(number: number, text: string): string {
  try {
    const id = text.startsWith('{') ? (JSON.parse(text) as { id: unknown }).id : text;
    return readJobId(String(id));
  } catch {
    throw new HeadwayError('HW_CONFIG_INVALID', `line ${number} of standard input is not a job id.`);
  }
}
