import { paceOf } from '../../../../activities/call-llm/budget/token-pace';

test('the emptier the bucket of the provider, the more slowly tokens are refilled here', () => {
  const paces = [0, 0.25, 0.5, 0.75, 1].map((level) => paceOf(level, false));
  expect(paces).toEqual([0.125, 0.25, 0.5, 1, 1.25]);
});

test('a full bucket is no reason to go beyond a limit of our own', () => expect(paceOf(1, true)).toBe(1));
