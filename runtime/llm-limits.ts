import type { Environment } from './config/environment';

/** Requests and tokens a minute; what is absent is not configured. */
export interface LlmLimits {
  requests?: number;
  tokens?: number;
}

type Variables = Pick<Environment, 'OPENAI_MODEL' | 'LLM_REQUESTS_PER_MINUTE' | 'LLM_TOKENS_PER_MINUTE'>;

/** The configured limits by model. A number without a model is that of `OPENAI_MODEL`. */
export function readLlmLimits(variables: Variables): Record<string, LlmLimits> {
  const limits: Record<string, LlmLimits> = {};
  const add = (unit: keyof LlmLimits, text: string | undefined) => {
    for (const [model, limit] of entriesOf(text, variables.OPENAI_MODEL)) {
      limits[model] = { ...limits[model], [unit]: limit };
    }
  };
  add('requests', variables.LLM_REQUESTS_PER_MINUTE);
  add('tokens', variables.LLM_TOKENS_PER_MINUTE);
  return limits;
}

function entriesOf(text: string | undefined, defaultModel: string): [string, number][] {
  return (text ?? '').split(',').flatMap((part): [string, number][] => {
    const [left = '', right] = part.split('=').map((side) => side.trim());
    if (left === '') return [];
    return right === undefined ? [[defaultModel, Number(left)]] : [[left, Number(right)]];
  });
}
