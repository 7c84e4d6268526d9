import {
  readDuration,
  readRateLimitHeaders,
} from '../../../../activities/call-llm/budget/rate-limit-headers';

const read = (headers: Record<string, string>, status = 200) =>
  readRateLimitHeaders(status, new Headers(headers));

test('reads limits and what is left of them', () => {
  const said = read({
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-reset-requests': '120ms',
    'x-ratelimit-limit-tokens': '30000',
    'x-ratelimit-remaining-tokens': '15000',
    'x-ratelimit-reset-tokens': '30s',
  });
  expect(said).toEqual({
    status: 200,
    limits: { requests: 500, tokens: 30_000 },
    remaining: { requests: 499, tokens: 15_000 },
    tokenCapacity: 30_000,
  });
});

test('a bucket of five seconds is full when nothing is missing in it', () => {
  const said = read({
    'x-ratelimit-limit-tokens': '60000',
    'x-ratelimit-remaining-tokens': '5000',
    'x-ratelimit-reset-tokens': '0s',
  });
  expect(said.tokenCapacity).toBe(5_000);
});

// As seen in a forum: 4,379 of 1.5 million tokens come back in 4 minutes, so the limit is that of a day.
test('leaves out the limit of a day', () => {
  const said = read({
    'x-ratelimit-limit-tokens': '1500000',
    'x-ratelimit-remaining-tokens': '1495621',
    'x-ratelimit-reset-tokens': '4m12.172s',
  });
  expect(said).toMatchObject({ limits: {}, remaining: {} });
});

test.each([
  ['120ms', 0.12],
  ['1.5s', 1.5],
  ['6m0s', 360],
  ['23h18m29.144s', 83_909.144],
  ['0s', 0],
])('reads %s', (text, seconds) => expect(readDuration(text)).toBeCloseTo(seconds, 6));

test.each([null, '', '12', 'soon', '1s later', '-1s'])('%j is no duration', (text) =>
  expect(readDuration(text)).toBeUndefined(),
);

test.each<Record<string, string>>([
  {},
  { 'x-ratelimit-limit-requests': 'many' },
  { 'x-ratelimit-limit-requests': '0', 'x-ratelimit-remaining-requests': '0' },
  { 'x-ratelimit-remaining-requests': '5' },
])('learns nothing from %j', (headers) =>
  expect(read(headers)).toEqual({ status: 200, limits: {}, remaining: {} }),
);

test('reads how long to wait', () => {
  expect(read({ 'retry-after': '7' }, 429)).toMatchObject({ status: 429, retryAfterMs: 7_000 });
});
