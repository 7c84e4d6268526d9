import OpenAI from 'openai';
import type { LlmCallsOptions } from '../../../activities/call-llm/background-calls';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../../contracts/stages';
import type { CallCounts } from '../../../stack/llm-simulator/counters';
import { startSimulator } from '../../../stack/llm-simulator/simulator';
import { llmCall, testPipeline } from '../support';

/** The simulator in this process, the official client in front of it, and calls of 5 to 10 ms. */
export async function openProvider() {
  const simulator = await startSimulator({ timeScale: 0.001, latencySlowRatio: 0 });
  const options: LlmCallsOptions = {
    client: new OpenAI({ apiKey: 'any', baseURL: simulator.baseUrl, maxRetries: 0, fetch: inSandbox(fetch) }),
    model: 'gpt-5',
    concurrency: 20,
    pipelineNamed: () => testPipeline(),
  };
  async function countsOf(job: string): Promise<CallCounts> {
    const response = await fetch(`${simulator.origin}/simulator/calls?job=${encodeURIComponent(job)}`);
    const { jobs } = (await response.json()) as { jobs: Record<string, CallCounts> };
    return jobs[job]!;
  }
  return {
    ...simulator,
    options,
    countsOf,
    /** Asks until the condition holds; the limit of the test ends it otherwise. */
    async untilCounts(job: string, holds: (counts: CallCounts) => boolean): Promise<CallCounts> {
      for (;;) {
        const counts = await countsOf(job);
        if (counts && holds(counts)) return counts;
      }
    },
  };
}

export type Provider = Awaited<ReturnType<typeof openProvider>>;

/** Errors of fetch come from outside of jest's sandbox, where the client does not know an AbortError when it sees one. */
export function inSandbox(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    try {
      return await send(input, init);
    } catch (error) {
      const { name, message, cause } = error as Error;
      throw Object.assign(new Error(message, { cause }), { name });
    }
  };
}

/** A call that the simulator handles as told. */
export function callOf(jobId: string, directive = '', parts: Partial<LlmCall> = {}): LlmCall {
  const marker = directive ? ` [[simulate: ${directive}]]` : '';
  const prompt = { instructions: 'Be brief.', input: `Company: Blue Harbor.${marker}` };
  return llmCall({ jobId, prompt, ...parts });
}

export function asHandle(started: LlmHandle | LlmOutcome): LlmHandle {
  if ('kind' in started) throw new Error(`ended at once: ${JSON.stringify(started)}`);
  return started;
}

export const noSignal = () => new AbortController().signal;
