import { policySchema } from '../../contracts/policy';
import { checkPrices } from '../../workers/check-prices';

const pipeline = {
  name: 'note',
  policy: policySchema.parse({ llm: { model: 'one', fallbackModel: 'two' } }),
};
const price = { input: 1, output: 1 };
const dailyCeilings = { '*': 1 };

test('a worker with ceilings does not start without the price of a model that a pipeline names', () => {
  const check = (prices: Record<string, typeof price>) => () =>
    checkPrices([pipeline], { prices, dailyCeilings });
  expect(check({})).toThrow('price of one in LLM_PRICES: policy.llm.model of pipeline "note"');
  expect(check({ one: price })).toThrow('price of two in LLM_PRICES: policy.llm.fallbackModel');
  expect(check({ one: price, 't*': price })).not.toThrow();
});

test('without ceilings no price is needed', () => {
  expect(() => checkPrices([pipeline], { dailyCeilings: {} })).not.toThrow();
});

test('a pipeline with a ceiling of its own needs them too', () => {
  const withCeiling = { ...pipeline, name: 'dear', policy: structuredClone(pipeline.policy) };
  withCeiling.policy.llm.maxCostUsd = 1;
  const check = (prices: Record<string, typeof price>) => () =>
    checkPrices([pipeline, withCeiling], { prices, dailyCeilings: {} });
  expect(check({ one: price })).toThrow(
    'policy.llm.maxCostUsd needs a price of two in LLM_PRICES: policy.llm.fallbackModel of pipeline "dear"',
  );
  expect(check({ one: price, two: price })).not.toThrow();
});
