import type OpenAI from 'openai';
import type { Producer } from 'kafkajs';
import { readResponse } from '../../../../activities/call-llm/read-response';
import { toRequest } from '../../../../activities/call-llm/request';
import type { LlmAnswer, Prompt } from '../../../../contracts/stages';
import type { Database } from '../../../../pipelines/define-pipeline';
import { pipelineNamed } from '../../../../pipelines/registry';
import type { StraightforwardJob } from './job';

export interface StraightforwardDependencies {
  database: Database;
  openai: OpenAI;
  producer: Producer;
  resultsTopic: string;
}

/** The stages of the very pipeline that Headway runs, each in an activity of its own. */
export function createStraightforwardActivities(dependencies: StraightforwardDependencies) {
  const { database, openai, producer, resultsTopic } = dependencies;
  return {
    async enrich({
      id,
      pipeline,
      input,
    }: StraightforwardJob): Promise<{ prompt: Prompt; enrichment: unknown }> {
      const { enrich, prompt, policy } = pipelineNamed(pipeline);
      const signal = AbortSignal.timeout(policy.enrich.timeoutMs);
      const enrichment = await enrich(input, { database, signal, jobId: id });
      return { prompt: prompt(input, enrichment), enrichment };
    },

    /** One request, held open until the answer is there. */
    async callLlm({ id, pipeline }: StraightforwardJob, prompt: Prompt): Promise<LlmAnswer> {
      const installed = pipelineNamed(pipeline);
      const { timeoutMs, maxOutputTokens } = installed.policy.llm;
      const call = { index: 0, jobId: id, pipeline, prompt, maxOutputTokens, timeoutMs, attempt: 1 };
      const response = await openai.responses.create(toRequest(call, installed, 'gpt-5'), {
        timeout: timeoutMs,
      });
      const read = readResponse(response, installed);
      if (read.kind === 'answer') return read;
      throw new Error(`the answer to job ${id} cannot be used: ${read.kind}`);
    },

    async postProcess(
      { pipeline, input }: StraightforwardJob,
      enrichment: unknown,
      { answer, citations }: LlmAnswer,
    ): Promise<unknown> {
      return pipelineNamed(pipeline).postProcess(answer, {
        input,
        enrichment,
        citations,
        sources: citations,
      });
    },

    async publish({ id, pipeline }: StraightforwardJob, output: unknown): Promise<void> {
      const value = JSON.stringify({ id, pipeline, status: 'completed', output });
      await producer.send({ topic: resultsTopic, acks: -1, messages: [{ key: id, value }] });
    },
  };
}

export type StraightforwardActivities = ReturnType<typeof createStraightforwardActivities>;
