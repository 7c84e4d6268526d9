import { longAfterTheFirst, statusAtStart, untilBegin } from '../../contracts/scheduled';

const now = Date.parse('2026-03-01T12:00:00Z');
const after = (seconds: number) => ({ notBefore: new Date(now + seconds * 1_000).toISOString() });

it('knows how long a job has to wait', () => {
  expect(untilBegin({}, now)).toBe(0);
  expect(untilBegin(after(-5), now)).toBe(0);
  expect(untilBegin(after(5), now)).toBe(5_000);
});

it('names those that would keep a workflow open long after its first job may begin', () => {
  expect(longAfterTheFirst([{}, after(30), after(31), after(1e6)], now)).toEqual([2, 3]);
  expect(longAfterTheFirst([after(3_600), after(3_610), after(7_200)], now)).toEqual([2]);
  expect(longAfterTheFirst([after(1e6)], now)).toEqual([]);
});

it('calls scheduled what has nothing to do for a while', () => {
  expect(statusAtStart([after(31), after(1e6)], now)).toBe('scheduled');
  expect(statusAtStart([after(1e6), {}], now)).toBe('running');
  expect(statusAtStart([after(30)], now)).toBe('running');
});
