import type { RateLimitError } from 'openai';
import { readRateLimitHeaders } from '../../../activities/call-llm/budget/rate-limit-headers';
import { RateLimits } from '../../../stack/llm-simulator/rate-limits';
import { openSimulator, rejectionOf } from './support';

const limited = (options = {}) => new RateLimits({ requestsPerMinute: 60, limitBurstSeconds: 3, ...options });

function countTaken(limits: RateLimits, tokens: number, times: number[]): number {
  return times.filter((at) => {
    try {
      limits.take('m', tokens, at);
      return true;
    } catch {
      return false;
    }
  }).length;
}

test('takes what is saved up at once, and then one a second', () => {
  const every100ms = Array.from({ length: 300 }, (_, index) => index * 100);
  expect(countTaken(limited(), 0, every100ms)).toBe(3 + 29);
});

test('limits tokens too, and a call larger than the bucket passes when that is full', () => {
  const limits = limited({ tokensPerMinute: 600 });
  expect(countTaken(limits, 10, [0, 0, 0, 0])).toBe(3);
  expect(countTaken(limits, 100, [1_000, 2_000, 3_500, 4_000])).toBe(1);
});

test('counts tokens at the end of a call: it passes while anything is left, and what is left may fall below zero', () => {
  const limits = new RateLimits({ tokensPerMinute: 600, limitBurstSeconds: 3 });
  expect(countTaken(limits, 0, [0, 0])).toBe(2);
  limits.charge('m', 50, 0);
  expect(limits.read(0).m).toMatchObject({ taken: { tokens: 50 }, left: { tokens: -20 } });
  expect(countTaken(limits, 0, [1_000, 2_000, 2_050, 2_200])).toBe(1);
  expect(limits.read(2_200).m).toMatchObject({ taken: { requests: 3 }, refused: { tokens: 3 } });
});

test('says what is left, when it is back, and how long one that was refused has to wait', async () => {
  const opened = await openSimulator({
    requestsPerMinute: 60,
    limitBurstSeconds: 2,
    tokensPerMinute: 100_000,
  });
  try {
    const create = () => opened.client.responses.create({ model: 'gpt-5', input: 'Hello.' });
    const { response } = await create()
      .withResponse()
      .then(({ response }) => ({ response }));
    const said = readRateLimitHeaders(200, response.headers);
    expect(said.limits).toEqual({ requests: 60, tokens: 100_000 });
    expect(said.remaining.requests).toBe(1);
    await create();
    const error = (await rejectionOf(create())) as RateLimitError;
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
    expect(Number(error.headers.get('retry-after-ms'))).toBeGreaterThan(500);
    expect(Number(error.headers.get('retry-after-ms'))).toBeLessThanOrEqual(1_000);
    expect(error.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    const limits = (await (await fetch(`${opened.origin}/simulator/limits`)).json()) as object;
    expect(limits).toMatchObject({
      'gpt-5': { taken: { requests: 2 }, refused: { requests: 1, tokens: 0 } },
    });
  } finally {
    await opened.stop();
  }
});

test.each([
  ['reserved', (input: number) => input + 500],
  ['used', (input: number, total: number) => total],
] as const)('counts tokens as %s', async (tokensCounted, expected) => {
  const opened = await openSimulator({ tokensPerMinute: 100_000, tokensCounted });
  const counted = async () => {
    const limits = (await (await fetch(`${opened.origin}/simulator/limits`)).json()) as object;
    return (limits as { m: { taken: { tokens: number } } }).m.taken.tokens;
  };
  try {
    const response = await opened.client.responses.create({
      model: 'm',
      input: 'Hello.',
      max_output_tokens: 500,
    });
    const { input_tokens, total_tokens } = response.usage!;
    const ofOne = expected(input_tokens, total_tokens);
    expect(await counted()).toBe(ofOne);
    const waiting = { model: 'm', input: 'Hello.', max_output_tokens: 500, background: true };
    await opened.client.responses.create({ ...waiting, metadata: { headway_simulate: 'latency=600000' } });
    expect(await counted()).toBe(tokensCounted === 'used' ? ofOne : 2 * ofOne);
  } finally {
    await opened.stop();
  }
});
