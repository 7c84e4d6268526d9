import type { Usage } from '../../../contracts/job-result';
import type { LlmCall } from '../../../contracts/stages';
import type { Tokens } from './token-count';

const CHARACTERS_PER_TOKEN = 4;
/** Of what a new figure says, so much is believed. */
const WEIGHT = 0.1;
/** Before the first answer of a pipeline. */
const FIRST_GUESS = 1_000;

/** How many tokens a call will use: its prompt, and what calls of the same pipeline lately used beyond theirs (answer, schema, searches). */
export class TokenEstimates {
  private readonly beyondPrompt = new Map<string, number>();

  estimate({ pipeline, prompt, repair, maxOutputTokens }: LlmCall): Tokens & { prompt: number } {
    const characters = prompt.instructions.length + prompt.input.length + (repair?.answer.length ?? 0);
    const promptTokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
    const beyond = this.beyondPrompt.get(pipeline) ?? Math.min(maxOutputTokens, FIRST_GUESS);
    const used = promptTokens + Math.round(beyond);
    return { used, most: promptTokens + maxOutputTokens, prompt: promptTokens };
  }

  learn(pipeline: string, promptTokens: number, { inputTokens, outputTokens }: Usage): void {
    const beyond = Math.max(0, inputTokens + outputTokens - promptTokens);
    const known = this.beyondPrompt.get(pipeline);
    this.beyondPrompt.set(pipeline, known === undefined ? beyond : known + (beyond - known) * WEIGHT);
  }
}
