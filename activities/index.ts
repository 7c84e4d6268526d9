import { createCallLlm, type CallLlmDependencies } from './call-llm';
import { hideMessages } from './hide-messages';
import { markOutcomes } from './call-llm/mark-outcomes';
import { createEnrich, type EnrichDependencies } from './enrich';
import { createPostProcess, type PostProcessDependencies } from './post-process';
import { createThrownTeller } from './tell-thrown';
import { withAttempt } from './with-attempt';
import { createPublishResult, type PublishResultDependencies } from './publish-result';

export type ActivityDependencies = EnrichDependencies &
  CallLlmDependencies &
  PostProcessDependencies &
  PublishResultDependencies;

/** All activities of Headway, one file or folder a stage. */
export function createActivities(dependencies: ActivityDependencies) {
  const tellThrown = createThrownTeller(dependencies.logger);
  const enrich = createEnrich({ ...dependencies, tellThrown });
  const postProcess = createPostProcess({ ...dependencies, tellThrown });
  return {
    // All that may throw what a job is about. What publishing throws is Kafka's.
    ...hideMessages({
      ...enrich,
      enrichJob: withAttempt(enrich.enrichJob.bind(enrich)),
      ...createCallLlm({ ...dependencies, llmCalls: markOutcomes(dependencies.llmCalls) }),
      ...postProcess,
      postProcessJob: withAttempt(postProcess.postProcessJob.bind(postProcess)),
    }),
    ...createPublishResult(dependencies),
  };
}

export type Activities = ReturnType<typeof createActivities>;
