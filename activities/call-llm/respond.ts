import type { OpenAI } from 'openai';
import type { Response, ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses';
import { answerOf } from './unreadable-answer';

/** Sends a request and waits for its whole answer, in whatever dialect the provider speaks. */
export type Respond = (
  body: ResponseCreateParamsNonStreaming,
  options: { timeout?: number; signal?: AbortSignal; headers?: Record<string, string> },
) => Promise<Response>;

/** Through the Responses API. */
export function viaResponses(client: OpenAI): Respond {
  return (body, options) => answerOf(client.responses.create(body, options));
}
