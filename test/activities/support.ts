import { z } from 'zod';
import type { PackJob } from '../../contracts/pack';
import type { LlmCall } from '../../contracts/stages';
import { definePipeline, type Pipeline, type PipelineDefinition } from '../../pipelines/define-pipeline';

type Definition = PipelineDefinition<
  Record<string, unknown>,
  { summary: string; score: number },
  unknown,
  unknown
>;

/** A pipeline that does as little as possible, but for what the test says. */
export function testPipeline(parts: Partial<Definition> = {}): Pipeline {
  return definePipeline({
    name: 'test-brief',
    request: z.record(z.string(), z.unknown()),
    response: z.object({ summary: z.string(), score: z.number() }),
    enrich: () => null,
    prompt: () => ({ instructions: 'Be brief.', input: 'Who is it?' }),
    postProcess: (answer: unknown) => answer,
    ...parts,
  });
}

export function packJob(id: string, parts: Partial<PackJob> = {}): PackJob {
  return { id, pipeline: 'test-brief', input: {}, source: { door: 'http', timestamp: 0 }, ...parts };
}

export function llmCall(parts: Partial<LlmCall> = {}): LlmCall {
  return {
    index: 0,
    jobId: 'job-0',
    pipeline: 'test-brief',
    prompt: { instructions: 'Be brief.', input: 'Who is it?' },
    maxOutputTokens: 1_000,
    timeoutMs: 30_000,
    attempt: 1,
    ...parts,
  };
}

/** A promise that never settles. */
export const never = new Promise<never>(() => undefined);
