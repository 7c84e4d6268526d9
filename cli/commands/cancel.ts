import type { CliContext } from '../context';
import { forEachJob, printOutcomes } from '../each-job';
import { HeadwayCommand } from '../headway-command';
import { withJobs, type WithJobs } from '../open-jobs';
import { readJobIds } from '../read-job-id';

/** `headway cancel`: jobs end as `cancelled`. */
export function cancelCommand(context: CliContext, open: WithJobs = withJobs): HeadwayCommand {
  return new HeadwayCommand('cancel')
    .description('cancel jobs: LLM calls are stopped, the results say cancelled')
    .argument('<ids...>', 'job ids', readJobIds)
    .option('--json', 'print JSON')
    .withExample('headway cancel brief-0001 brief-0002')
    .exitsWithOneWhen('one of them cannot be cancelled, as it has ended or nobody knows it')
    .action(async (ids: string[], { json }: { json?: boolean }) => {
      const outcomes = await open(context, (jobs) => forEachJob(ids, (id) => jobs.cancel(id)));
      printOutcomes(context, outcomes, 'cancelled', json);
    });
}
