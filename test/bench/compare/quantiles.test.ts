import { quantilesOf } from '../../../bench/compare/quantiles';

const over = (ms: number) => ({ ms, atLeast: false });

it('takes the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => over(100 - index));
  expect(quantilesOf(hundred)).toEqual({
    p50: over(50),
    p95: over(95),
    p99: over(99),
    worst: over(100),
  });
  expect(quantilesOf([over(7)])).toEqual({ p50: over(7), p95: over(7), p99: over(7), worst: over(7) });
});

it('says from which value on they are lower bounds', () => {
  const values = [...Array.from({ length: 9 }, (_, index) => over(index)), { ms: 100, atLeast: true }];
  const { p50, p95 } = quantilesOf(values);
  expect(p50).toEqual(over(4));
  expect(p95).toEqual({ ms: 100, atLeast: true });
});

it('takes what is over for a lower bound too, above the first that is not', () => {
  const { p50, worst } = quantilesOf([over(1), { ms: 2, atLeast: true }, over(3)]);
  expect(p50).toEqual({ ms: 2, atLeast: true });
  expect(worst).toEqual({ ms: 3, atLeast: true });
});

it('has zeros for nothing', () => {
  expect(quantilesOf([]).worst).toEqual(over(0));
});
