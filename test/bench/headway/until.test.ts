import { until } from '../../../bench/headway/until';

it('looks until it is true', async () => {
  const looks = [false, Promise.resolve(false), Promise.resolve(true)];
  await until('the third look', { within: 10_000, every: 1 }, () => looks.shift() ?? fail());
  expect(looks).toEqual([]);
});

it('gives up in time, and looks no more', async () => {
  let looks = 0;
  const never = () => ++looks < 0;
  await expect(until('it is there', { within: 20, every: 1 }, never)).rejects.toThrow('it is there');
  const then = looks;
  expect(then).toBeGreaterThan(0);
  await until('a look more', { within: 1_000, every: 30 }, () => looks++ > then);
  expect(looks).toBe(then + 2);
});

function fail(): never {
  throw new Error('looked once more');
}
