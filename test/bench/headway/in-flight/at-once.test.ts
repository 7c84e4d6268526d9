import { mostAtOnce } from '../../../../bench/headway/in-flight/at-once';

const event = (job: string, what: 'accepted' | 'completed', at: number) => ({ job, call: 1, what, at });

it('counts the calls that overlap, in whatever order they are told', () => {
  expect(
    mostAtOnce([
      event('a', 'completed', 10),
      event('b', 'accepted', 5),
      event('a', 'accepted', 0),
      event('c', 'accepted', 10),
      event('b', 'completed', 11),
    ]),
  ).toBe(2);
  expect(mostAtOnce([])).toBe(0);
});
