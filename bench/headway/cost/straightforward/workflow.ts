import { proxyActivities } from '@temporalio/workflow';
import type { StraightforwardActivities } from './activities';
import type { StraightforwardJob } from './job';

/** How a job is usually put on Temporal: a workflow for it, an ordinary activity for each stage, the defaults of the SDK. */
export async function straightforward(job: StraightforwardJob): Promise<void> {
  const { enrich, callLlm, postProcess, publish } = proxyActivities<StraightforwardActivities>({
    // Without one the SDK starts no activity.
    startToCloseTimeout: '2 minutes',
  });
  const { prompt, enrichment } = await enrich(job);
  const answer = await callLlm(job, prompt);
  const output = await postProcess(job, enrichment, answer);
  await publish(job, output);
}
