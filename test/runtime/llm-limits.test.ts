import { loadConfig } from '../../runtime/config/config';

const limits = (env: Record<string, string>) =>
  loadConfig({ OPENAI_API_KEY: 'any', OPENAI_MODEL: 'gpt-5', ...env }, ['llm']).llm.limits;

test('a number without a model is that of OPENAI_MODEL', () => {
  const env = { LLM_REQUESTS_PER_MINUTE: '500', LLM_TOKENS_PER_MINUTE: '30000' };
  expect(limits(env)).toEqual({ 'gpt-5': { requests: 500, tokens: 30_000 } });
});

test('each model has its own', () => {
  const env = {
    LLM_REQUESTS_PER_MINUTE: 'gpt-5.4=500, gpt-5.4-mini = 2000',
    LLM_TOKENS_PER_MINUTE: 'org/model:7b=90000',
  };
  expect(limits(env)).toEqual({
    'gpt-5.4': { requests: 500 },
    'gpt-5.4-mini': { requests: 2_000 },
    'org/model:7b': { tokens: 90_000 },
  });
});

test('nothing is limited by itself', () => expect(limits({})).toEqual({}));
