import { nextAskMs } from '../../../../bench/headway/handoff/next-ask';

it('asks seldom while much is left, and often towards the end', () => {
  expect(nextAskMs({ elapsedMs: 1_000, done: 100, of: 1_000 })).toBe(500);
  expect(nextAskMs({ elapsedMs: 1_000, done: 625, of: 1_000 })).toBe(200);
  expect(nextAskMs({ elapsedMs: 1_000, done: 999, of: 1_000 })).toBe(20);
});

it('asks often as long as nothing is known', () => {
  expect(nextAskMs({ elapsedMs: 5_000, done: 0, of: 1_000 })).toBe(20);
});
