import { componentsToStart } from '../../stack/start-stack';

it.each([
  [{}, ['kafka', 'temporal', 'postgres', 'llm']],
  [{ KAFKA_BROKERS: 'a:1' }, ['temporal', 'postgres', 'llm']],
  [{ TEMPORAL_ADDRESS: 'a:1' }, ['kafka', 'postgres', 'llm']],
  [{ DATABASE_URL: 'postgresql://a' }, ['kafka', 'temporal', 'llm']],
  [{ OPENAI_API_KEY: 'k' }, ['kafka', 'temporal', 'postgres']],
  [{ OPENAI_BASE_URL: 'u', KAFKA_BROKERS: '' }, ['kafka', 'temporal', 'postgres']],
])('with %j starts %j', (env, expected) => {
  expect(componentsToStart({ env })).toEqual(expected);
});

it('starts only what is asked for', () => {
  const components = ['kafka', 'llm'] as const;
  expect(componentsToStart({ components, env: { KAFKA_BROKERS: 'a:1' } })).toEqual(['llm']);
});
