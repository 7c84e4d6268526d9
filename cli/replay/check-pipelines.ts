import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { inputRefusal } from '../../bridge/input-refusal';
import { HeadwayError } from '../../contracts/errors';
import type { PackJob } from '../../contracts/pack';
import { jobsCarriedBy } from '../../contracts/retry';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { withDocsOfHere } from '../../runtime/in-user-terms';
import type { NamedHistory } from '../../workers/replay/replay-histories';

export type ReadPayload = (payload: Payload) => Promise<unknown>;

/**
 * What a replay cannot see, since pipelines run in activities: whether this build still has the pipelines of the jobs in a history, and whether
 * they still take their input. Undefined when all is well, or what the workflow was started with cannot be read.
 */
export async function checkPipelines(
  { name, history }: NamedHistory,
  pipelineNamed: (name: string) => Pipeline,
  read: ReadPayload = async (payload) => defaultPayloadConverter.fromPayload(payload),
): Promise<string | undefined> {
  const payload = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (!payload) return undefined;
  const jobs = await read(payload).then(jobsCarriedBy, (): PackJob[] => []);
  for (const job of jobs) {
    const problem = problemOf(job, pipelineNamed);
    if (problem !== undefined) {
      return `History ${name} has job ${job.id}: ${problem}. It would fail after the deployment. Keep taking what was taken before, or deploy the change as a new worker version (HEADWAY_BUILD_ID): ${withDocsOfHere('docs/guides/change-a-pipeline.md')}`;
    }
  }
  return undefined;
}

function problemOf(
  { pipeline, input }: PackJob,
  pipelineNamed: (name: string) => Pipeline,
): string | undefined {
  try {
    const refusal = inputRefusal(pipelineNamed(pipeline), input);
    return refusal && `pipeline ${pipeline} does not take its input any more, ${refusal.message}`;
  } catch (error) {
    if (!(error instanceof HeadwayError) || error.code !== 'HW_PIPELINE_UNKNOWN') throw error;
    return `there is no pipeline ${pipeline} any more`;
  }
}
