import { randomUUID } from 'node:crypto';
import { createBackgroundCalls } from './background-calls';
import { viaChatCompletions } from './chat-completions';
import type { LlmCalls } from './llm-calls';
import { createInlineCalls } from './inline-calls';
import { createRecognisingCalls, type RecognisingCallsOptions } from './recognising-calls';

export type LlmMode = 'background' | 'inline' | 'chat-completions' | 'auto';

/**
 * Calls as `LLM_MODE` says.
 *
 * @param sharedQueue the task queue that all workers share; one of a single process is named after it
 * @returns the calls, and `ownQueue`, the task queue that this process must work on when it may hold calls open
 */
export function openLlmCalls(
  mode: LlmMode,
  sharedQueue: string,
  options: RecognisingCallsOptions,
): { llmCalls: LlmCalls; ownQueue?: string } {
  if (mode === 'background') return { llmCalls: createBackgroundCalls(options) };
  const ownQueue = `${sharedQueue}-${randomUUID()}`;
  if (mode === 'auto') return { llmCalls: createRecognisingCalls(options, ownQueue), ownQueue };
  const respond = mode === 'inline' ? undefined : viaChatCompletions(options.client, options.logger);
  return { llmCalls: createInlineCalls(options, ownQueue, respond), ownQueue };
}
