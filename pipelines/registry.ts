import { HeadwayError } from '../contracts/errors';
import { companyBrief } from './company-brief/pipeline';
import type { Pipeline } from './define-pipeline';

/** All installed pipelines. A new one is added here. */
export const pipelines: readonly Pipeline[] = [companyBrief];

const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));

/**
 * The installed pipeline of that name.
 *
 * @throws HeadwayError `HW_PIPELINE_UNKNOWN`, naming the installed ones
 */
export function pipelineNamed(name: string): Pipeline {
  const pipeline = byName.get(name);
  if (!pipeline) {
    const known = [...byName.keys()].join(', ');
    throw new HeadwayError('HW_PIPELINE_UNKNOWN', `pipeline: "${name}" is not installed; known: ${known}`);
  }
  return pipeline;
}
