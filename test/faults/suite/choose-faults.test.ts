import { chooseFaults } from './choose-faults';
import { allFaults } from './faults';

test.each([
  [['nonsense'], 1, 'there is no fault nonsense; --list shows them'],
  [['llm-away', 'results-unavailable'], 1, 'results-unavailable can strike only with --brokers 3'],
  [['kafka-killed'], 3, 'kafka-killed can strike only with --brokers 1'],
] as const)('a fault that cannot strike is refused, not left out: %s with %d', (names, brokers, message) => {
  expect(() => chooseFaults(names, brokers)).toThrow(message);
});

test('without names, all that can strike with so many brokers', () => {
  expect(chooseFaults([], 1)).toEqual(allFaults.filter(({ brokers }) => brokers !== 3));
  expect(chooseFaults([], 3)).toEqual(allFaults.filter(({ brokers }) => brokers !== 1));
});

test('with names, those', () => {
  expect(chooseFaults(['llm-away'], 3).map(({ name }) => name)).toEqual(['llm-away']);
});
