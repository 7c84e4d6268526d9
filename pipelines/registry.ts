import { HeadwayError, sentence } from '../contracts/errors';
import { companyBrief } from './company-brief/pipeline';
import type { Pipeline } from './define-pipeline';
import { documentTriage } from './document-triage/pipeline';

/** The pipelines that come with Headway. A new one of this repository is added here. */
export const shippedPipelines: readonly Pipeline[] = [companyBrief, documentTriage];

/** The pipelines of one process. */
export interface Registry {
  pipelines: readonly Pipeline[];
  /**
   * The installed pipeline of that name.
   *
   * @throws HeadwayError `HW_PIPELINE_UNKNOWN`, naming the installed ones
   */
  pipelineNamed: (name: string) => Pipeline;
}

/** What processes take has come through `loadRegistry`, which adds those of HEADWAY_PIPELINES. */
export function createRegistry(pipelines: readonly Pipeline[]): Registry {
  const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  return {
    pipelines,
    pipelineNamed: (name) => {
      const pipeline = byName.get(name);
      if (pipeline) return pipeline;
      const known = [...byName.keys()].join(', ');
      const message = `pipeline: "${name}" is not installed; known: ${known}`;
      throw new HeadwayError('HW_PIPELINE_UNKNOWN', sentence(message));
    },
  };
}

/** The shipped ones by name. */
export const { pipelineNamed } = createRegistry(shippedPipelines);
