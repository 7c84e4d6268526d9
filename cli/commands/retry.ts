import type { CliContext } from '../context';
import { forEachJob, printOutcomes } from '../each-job';
import { HeadwayCommand } from '../headway-command';
import { withJobs, type WithJobs } from '../open-jobs';
import { readJobIds } from '../read-job-id';

/** `headway retry`: jobs that did not complete run once more. */
export function retryCommand(context: CliContext, open: WithJobs = withJobs): HeadwayCommand {
  return new HeadwayCommand('retry')
    .description('run jobs again that failed, expired or were cancelled')
    .argument('<ids...>', 'job ids', readJobIds)
    .option('--json', 'print JSON')
    .withExample('headway retry brief-0001')
    .exitsWithOneWhen('one of them cannot be run again')
    .action(async (ids: string[], { json }: { json?: boolean }) => {
      const outcomes = await open(context, (jobs) => forEachJob(ids, (id) => jobs.retry(id)));
      printOutcomes(context, outcomes, 'runs again', json);
    });
}
