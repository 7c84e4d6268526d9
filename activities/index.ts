import { createCallLlm, type CallLlmDependencies } from './call-llm';
import { createEnrich, type EnrichDependencies } from './enrich';
import { createPostProcess, type PostProcessDependencies } from './post-process';
import { createPublishResult, type PublishResultDependencies } from './publish-result';

export type ActivityDependencies = EnrichDependencies &
  CallLlmDependencies &
  PostProcessDependencies &
  PublishResultDependencies;

/** All activities of Headway, one file or folder a stage. */
export function createActivities(dependencies: ActivityDependencies) {
  return {
    ...createEnrich(dependencies),
    ...createCallLlm(dependencies),
    ...createPostProcess(dependencies),
    ...createPublishResult(dependencies),
  };
}

export type Activities = ReturnType<typeof createActivities>;
