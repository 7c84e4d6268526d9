import { countTokens, writeAnswer, type Outcome } from './answer';
import type { Call } from './call';
import { isReasoningModel, outputItems } from './output-items';
import type { SimulatorOptions } from './options';
import type { StoredResponse } from './responses';

// Pages a search found are read as input; this is a usual share of them.
const tokensOfASearch = 3_200;
const tokensOfReasoning = 192;
/** How long a background call waits before it is in progress, in simulated milliseconds; at most a tenth of it all. */
const queuedMs = 1_000;

/**
 * The response object of the API as JSON. The answer is written anew each time, from the same seed, so that
 * nothing but the call itself has to be kept.
 * @param nowMs decides between `queued` and `in_progress`
 */
export function renderResponse(
  response: StoredResponse,
  { seed, timeScale }: Pick<SimulatorOptions, 'seed' | 'timeScale'>,
  { nowMs, includeSources }: { nowMs: number; includeSources: boolean },
): string {
  const { call } = response;
  const head = {
    id: response.id,
    object: 'response',
    created_at: Math.floor(response.createdAtMs / 1000),
    status: statusOf(response, nowMs, timeScale),
    background: call.background,
    completed_at: null as number | null,
    error: null as unknown,
    incomplete_details: null as unknown,
    output: [] as unknown[],
    usage: null as unknown,
  };
  if (response.ended === 'completed' || response.ended === 'incomplete') {
    const answer = writeAnswer(call, response.nth, response.outcome, seed);
    const idTail = response.id.slice('resp_'.length);
    head.output = outputItems(call, answer, idTail, includeSources || call.includeSources);
    head.usage = usageOf(call.inputTokens, call.webSearch !== undefined, call.model, answer.text);
    if (answer.incompleteReason) {
      // Also without a fault: max_output_tokens of the request is honoured.
      head.status = 'incomplete';
      head.incomplete_details = { reason: answer.incompleteReason };
    } else {
      head.completed_at = Math.floor(response.endsAtMs / 1000);
    }
  }
  if (response.ended === 'failed' && response.outcome.kind === 'failed') {
    head.error = { code: response.outcome.code, message: 'The model failed to generate a response.' };
  }
  return `${JSON.stringify(head).slice(0, -1)},${call.echo}}`;
}

function statusOf(response: StoredResponse, nowMs: number, timeScale: number): string {
  if (response.ended) return response.ended === 'aborted' ? 'cancelled' : response.ended;
  const queuedForMs = Math.min(queuedMs * timeScale, (response.endsAtMs - response.createdAtMs) / 10);
  return nowMs <= response.createdAtMs + queuedForMs ? 'queued' : 'in_progress';
}

/** Tokens that a call will have used when it has ended. */
export function tokensOf(call: Call, nth: number, outcome: Outcome, seed: number): number {
  const { text } = writeAnswer(call, nth, outcome, seed);
  return usageOf(call.inputTokens, call.webSearch !== undefined, call.model, text).total_tokens;
}

function usageOf(promptTokens: number, searched: boolean, model: string, text: string) {
  const input = promptTokens + (searched ? tokensOfASearch : 0);
  const reasoning = isReasoningModel(model) ? tokensOfReasoning : 0;
  const output = countTokens(text) + reasoning;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
