/** Headway as a library: what a pipeline is written with, and the processes that run it. */
export {
  definePipeline,
  PermanentError,
  UnavailableError,
  type Database,
  type EnrichContext,
  type Pipeline,
  type PipelineDefinition,
  type PostProcessContext,
  type WebSearchTool,
} from '../pipelines/define-pipeline';
export { fenced } from '../pipelines/fenced';
export { loadPrompt, type PromptFile } from '../pipelines/prompt-file';
export type { PipelinePolicy } from '../contracts/policy';
export type { JobRequest } from '../contracts/job-request';
export type { JobResult } from '../contracts/job-result';
export type { Citation, Prompt } from '../contracts/stages';
export { HeadwayError, type ErrorCode } from '../contracts/errors';
export { createHttpBridge, createKafkaBridge, createWorker } from './processes';
export { runTogether } from './run-together';
export type { HeadwayProcess, ProcessOptions } from './headway-process';
/** The copy of zod that Headway has, so that a program needs none of its own. */
export { z } from 'zod';
