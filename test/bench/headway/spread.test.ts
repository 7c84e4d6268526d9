import { middleOf, rounded, spread, table } from '../../../bench/headway/spread';

it('gives the median with the lowest and the highest, in any order', () => {
  expect(spread([3, 1, 2])).toBe('2 (1-3)');
  expect(spread([4, 1, 2, 3], 1)).toBe('2.5 (1-4)');
  expect(spread([1.249, 1.251], 2)).toBe('1.25');
});

it('says one value once, and of none that there is none', () => {
  expect(spread([7.04, 6.96], 1)).toBe('7');
  expect(spread([])).toBe('-');
  expect(middleOf([])).toBeNaN();
});

it('changes nothing that it is given', () => {
  const values = [3, 1, 2];
  spread(values);
  expect(middleOf(values)).toBe(2);
  expect(values).toEqual([3, 1, 2]);
});

it('rounds, and writes tables', () => {
  expect(rounded(0.005, 2)).toBe(0.01);
  expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n|---|---|\n| 1 | 2 |');
});
