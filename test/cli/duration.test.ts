import { duration } from '../../cli/duration';

test.each([
  [800, '800 ms'],
  [12_345, '12.3 s'],
  [240_000, '4 min'],
  [12_600_000, '3.5 h'],
])('%p milliseconds are %p', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
