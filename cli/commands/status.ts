import type { CliContext } from '../context';
import { formatJob } from '../format-job';
import { HeadwayCommand } from '../headway-command';
import { withJobs, type WithJobs } from '../open-jobs';
import { printJson, styles } from '../output';
import { readJobId } from '../read-job-id';

/** `headway status`: where a job stands. */
export function statusCommand(context: CliContext, open: WithJobs = withJobs): HeadwayCommand {
  return new HeadwayCommand('status')
    .description('say where a job stands: stage, attempts, times, error')
    .argument('<id>', 'job id', readJobId)
    .option('--json', 'print JSON')
    .withExample('headway status brief-0001')
    .exitsWithOneWhen('nobody knows the job')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const job = await open(context, (jobs) => jobs.get(id));
      if (json) printJson(context, job);
      else context.stdout.write(`${formatJob(job, styles(context.stdout, context.env))}\n`);
    });
}
