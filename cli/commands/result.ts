import { HeadwayError } from '../../contracts/errors';
import type { JobView } from '../../contracts/job-view';
import type { Jobs } from '../../bridge/jobs/jobs';
import type { CliContext } from '../context';
import { exitCodes } from '../exit-codes';
import { errorOf, hasEnded } from '../format-job';
import { HeadwayCommand } from '../headway-command';
import { onceKnown } from '../once-known';
import { withJobs, type WithJobs } from '../open-jobs';
import { printJson } from '../output';
import { readJobId } from '../read-job-id';
import { readDuration } from '../read-time';

interface Options {
  full?: boolean;
  wait?: number;
  json?: boolean;
}

/** `headway result`: what came out of a job. */
export function resultCommand(context: CliContext, open: WithJobs = withJobs): HeadwayCommand {
  return new HeadwayCommand('result')
    .description('print the output of a job, or its whole result, as JSON')
    .argument('<id>', 'job id', readJobId)
    .option('--full', 'the whole result: status, error, usage, timings, output')
    .option('--wait <duration>', 'wait up to so long for its end, such as 30s', readDuration)
    .option('--json', 'print JSON, which it does anyway')
    .withExample('headway result brief-0001 --wait 1m')
    .exitsWithOneWhen('the job did not complete, has not ended, or nobody knows it')
    .action(async (id: string, options: Options) => {
      print(context, await open(context, (jobs) => read(jobs, id, options, context)), options);
    });
}

async function read(jobs: Jobs, id: string, { wait }: Options, { signal }: CliContext): Promise<JobView> {
  if (wait === undefined) return await jobs.get(id);
  const until = Date.now() + wait;
  // One that was sent a moment ago is not known yet.
  await onceKnown(() => jobs.get(id), wait, signal);
  return await jobs.waitFor(id, Math.max(0, until - Date.now()), signal);
}

function print(context: CliContext, job: JobView, { full }: Options): void {
  const { id, status, result } = job;
  if (!hasEnded(status)) {
    throw new HeadwayError('HW_JOB_RUNNING', `Job ${id} has not ended yet: it is ${status}.`);
  }
  if (!result && job.lastError?.type === 'HW_PAYLOAD_UNREADABLE') {
    throw new HeadwayError('HW_PAYLOAD_UNREADABLE', job.lastError.message);
  }
  if (status === 'completed' && !result) {
    throw new HeadwayError(
      'HW_NO_WORKER',
      `Job ${id} has completed, and no worker was there to tell its result.`,
    );
  }
  if (status !== 'completed') context.exitCode = exitCodes.badFinding;
  if (full && result) return printJson(context, result);
  if (result && status === 'completed') return printJson(context, result.output ?? null);
  const why = errorOf(job);
  context.stderr.write(`headway: job ${id} is ${status}${why ? `: ${why}` : ', and nobody can tell more'}\n`);
  context.exitCode = exitCodes.badFinding;
}
