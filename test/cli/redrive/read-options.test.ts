import { readAgain, readFilter } from '../../../cli/redrive/read-options';

const now = Date.parse('2026-01-31T12:00:00Z');

test('filters are read; times may be how long ago', () => {
  expect(readFilter({}, now)).toEqual({ codes: [], pipelines: [], since: undefined, until: undefined });
  expect(
    readFilter(
      { code: ['HW_JOB_INVALID'], pipeline: ['brief'], since: '2h', until: '2026-01-31T11:00:00Z' },
      now,
    ),
  ).toEqual({
    codes: ['HW_JOB_INVALID'],
    pipelines: ['brief'],
    since: now - 7_200_000,
    until: now - 3_600_000,
  });
});

test.each([
  [{ code: ['HW_TYPO'] }, /--code .* not 'HW_TYPO'/],
  [{ since: 'yesterday' }, /--since .* not 'yesterday'/],
  [{ since: '1h', until: '2h' }, /--since must be a time before/],
])('what cannot be meant is refused, by the name of the option: %p', (given, sentence) => {
  expect(() => readFilter(given, now)).toThrow(expect.objectContaining({ code: 'HW_CONFIG_INVALID' }));
  expect(() => readFilter(given, now)).toThrow(sentence);
});

test('--again sends all letters once more, --again-before those before that time; both say how to go on', () => {
  expect(readAgain({}, now)).toBeUndefined();
  expect(readAgain({ again: true }, now)).toEqual({ before: Infinity, goOnWith: '2026-01-31T12:00:00.000Z' });
  expect(readAgain({ againBefore: '2h' }, now)).toEqual({
    before: now - 7_200_000,
    goOnWith: '2026-01-31T10:00:00.000Z',
  });
  expect(() => readAgain({ againBefore: 'now' }, now)).toThrow(/--again-before .* not 'now'/);
});
