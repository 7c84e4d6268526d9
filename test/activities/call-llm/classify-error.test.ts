import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { classifyError, readRetryAfter } from '../../../activities/call-llm/classify-error';

const answered = (status: number, headers: Record<string, string> = {}) =>
  APIError.generate(status, { error: { message: 'because' } }, undefined, new Headers(headers));

describe('an error of the provider', () => {
  it.each<[number, Record<string, string>, object]>([
    [400, {}, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    [401, {}, { kind: 'retry', code: 'HW_LLM_REJECTED', shared: true }],
    [403, {}, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    [404, {}, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    [413, {}, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    [422, {}, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    [408, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    [409, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    [429, {}, { kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true }],
    [500, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    [502, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    [503, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
    [529, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    [429, { 'retry-after-ms': '1500' }, { kind: 'retry', shared: true, retryAfterMs: 1_500 }],
    [503, { 'retry-after': '7' }, { kind: 'retry', retryAfterMs: 7_000 }],
    [500, { 'x-should-retry': 'false' }, { kind: 'final', code: 'HW_LLM_REJECTED' }],
    [400, { 'x-should-retry': 'true' }, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE' }],
    [429, { 'x-should-retry': 'perhaps' }, { kind: 'retry', code: 'HW_LLM_RATE_LIMITED' }],
  ])('with status %i and headers %j is told apart', (status, headers, expected) => {
    const classified = classifyError(answered(status, headers));
    expect(classified).toMatchObject(expected);
    expect(classified.message).toContain('because');
  });

  it.each([
    ['a connection that fails', new APIConnectionError({ message: 'ECONNREFUSED' })],
    ['no answer in time', new APIConnectionTimeoutError()],
  ])('is shared when it is %s', (_, error) => {
    expect(classifyError(error)).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true });
  });

  it.each([
    ['a connection that ends in the middle of the body', new TypeError('terminated')],
    ['a body that is not JSON', new SyntaxError('Unexpected token')],
    ['a call that was given up', new APIUserAbortError()],
    ['anything else', 'text'],
  ])('may pass when it is %s', (_, error) => {
    expect(classifyError(error)).toMatchObject({ kind: 'retry', code: 'HW_LLM_UNAVAILABLE' });
  });

  it('is kept short enough for the history', () => {
    expect(classifyError(new Error('x'.repeat(5_000))).message).toHaveLength(1_000);
  });
});

describe('the wait a provider asks for', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');

  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '12.5' }, 12.5],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' }, 20_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:59:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
  ])('is read from %j', (headers, expected) => {
    expect(readRetryAfter(new Headers(headers), now)).toBe(expected);
  });

  it('is not known without headers', () => {
    expect(readRetryAfter(undefined)).toBeUndefined();
  });
});
