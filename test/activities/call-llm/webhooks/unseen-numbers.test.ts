import { UnseenNumbers } from '../../../../activities/call-llm/webhooks/unseen-numbers';

test('what was skipped is asked for until it is seen, or for ten seconds', () => {
  const numbers = new UnseenNumbers();
  numbers.see(1, 0);
  numbers.see(5, 0);
  expect([numbers.last, numbers.missing(1_000)]).toEqual([5, [2, 3, 4]]);
  numbers.see(3, 1_000);
  numbers.see(7, 5_000);
  expect([numbers.last, numbers.missing(10_000)]).toEqual([7, [2, 4, 6]]);
  expect(numbers.missing(10_001)).toEqual([6]);
  expect(numbers.missing(15_001)).toEqual([]);
});

test('before the first there may be some that are just being written', () => {
  const numbers = new UnseenNumbers();
  expect(numbers.last).toBe(0);
  numbers.see(3, 0);
  expect(numbers.missing(0)).toEqual([1, 2]);
});

test('a gap as after a crash of the server costs no more than a thousand numbers', () => {
  const numbers = new UnseenNumbers();
  numbers.see(1, 0);
  numbers.see(10_000_000, 0);
  expect(numbers.missing(0)).toHaveLength(1_000);
});
