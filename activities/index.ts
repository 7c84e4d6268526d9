import { createCallLlm, type CallLlmDependencies } from './call-llm';
import { createEnrich, type EnrichDependencies } from './enrich';
import { createPostProcess, type PostProcessDependencies } from './post-process';
import { withAttempt } from './with-attempt';
import { createPublishResult, type PublishResultDependencies } from './publish-result';

export type ActivityDependencies = EnrichDependencies &
  CallLlmDependencies &
  PostProcessDependencies &
  PublishResultDependencies;

/** All activities of Headway, one file or folder a stage. */
export function createActivities(dependencies: ActivityDependencies) {
  const enrich = createEnrich(dependencies);
  const postProcess = createPostProcess(dependencies);
  return {
    ...enrich,
    enrichJob: withAttempt(enrich.enrichJob.bind(enrich)),
    ...createCallLlm(dependencies),
    ...postProcess,
    postProcessJob: withAttempt(postProcess.postProcessJob.bind(postProcess)),
    ...createPublishResult(dependencies),
  };
}

export type Activities = ReturnType<typeof createActivities>;
