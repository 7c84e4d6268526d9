import { Option } from 'commander';
import type { JobFilter, Jobs } from '../../bridge/jobs/jobs';
import { HeadwayError } from '../../contracts/errors';
import { jobStatusSchema, type JobStatus, type JobView } from '../../contracts/job-view';
import type { CliContext } from '../context';
import { formatJobs } from '../format-job';
import { HeadwayCommand } from '../headway-command';
import { withJobs, type WithJobs } from '../open-jobs';
import { printJson } from '../output';
import { readLimit } from '../read-number';
import { readTime } from '../read-time';

interface Options {
  pipeline?: string;
  tenant?: string;
  status?: JobStatus;
  since?: string;
  until?: string;
  limit: number;
  json?: boolean;
}

const PAGE = 100;

/** `headway list`: which jobs there are. */
export function listCommand(context: CliContext, open: WithJobs = withJobs): HeadwayCommand {
  return new HeadwayCommand('list')
    .description('list jobs: those in progress first, then those that have ended')
    .option('--pipeline <name>', 'only those of this pipeline')
    .option('--tenant <name>', 'only those of this tenant')
    .addOption(new Option('--status <status>', 'only those').choices(jobStatusSchema.options))
    .option('--since <time>', 'started since then (2026-01-31T08:00:00Z, or 2h for two hours ago)')
    .option('--until <time>', 'started before then')
    .option('--limit <n>', 'at most so many', readLimit, 50)
    .option('--json', 'print JSON')
    .withExample('headway list --status failed --since 1d')
    .action(async (options: Options) => {
      const filter = readFilter(options, Date.now());
      const { jobs, more } = await open(context, (jobs) => readPages(jobs, filter, options.limit, context));
      if (options.json) return printJson(context, { jobs, more });
      context.stdout.write(jobs.length === 0 ? '' : `${formatJobs(jobs)}\n`);
      if (jobs.length === 0) context.stderr.write('No such jobs.\n');
      if (more) context.stderr.write(`There are more than ${options.limit}: --limit shows them.\n`);
    });
}

function readFilter({ since, until, pipeline, tenant, status }: Options, now: number): JobFilter {
  const filter: JobFilter = {
    pipeline,
    tenant,
    status,
    since: since === undefined ? undefined : readTime('--since', since, now),
    until: until === undefined ? undefined : readTime('--until', until, now),
  };
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until) {
    throw new HeadwayError('HW_CONFIG_INVALID', '--since must be a time before that of --until.');
  }
  return filter;
}

/** A page may have fewer jobs than asked for, even none, and yet not be the last. */
async function readPages(
  from: Jobs,
  filter: JobFilter,
  limit: number,
  { signal, stderr }: CliContext,
): Promise<{ jobs: JobView[]; more: boolean }> {
  const jobs: JobView[] = [];
  let cursor: string | undefined;
  while (jobs.length < limit) {
    signal.throwIfAborted();
    const page = await from.list(filter, { limit: Math.min(PAGE, limit - jobs.length), cursor });
    jobs.push(...page.jobs);
    for (const workflow of page.unanswered ?? []) {
      stderr.write(
        `headway: left out: the jobs in workflow ${workflow}, of which no worker tells, or whose payload store is away\n`,
      );
    }
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return { jobs, more: cursor !== undefined };
}
