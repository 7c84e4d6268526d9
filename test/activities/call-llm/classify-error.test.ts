import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import {
  classifyError,
  couldNotConnect,
  failedRequest,
  mayHaveBeenMade,
  readRetryAfter,
} from '../../../activities/call-llm/classify-error';

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
    [500, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: false }],
    [502, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
    [503, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
    [504, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
    [529, {}, { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', shared: true }],
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

  it.each<[string, number, object, string | undefined]>([
    [
      'is not there',
      404,
      { code: 'model_not_found', message: 'The model `x` does not exist' },
      'other-model',
    ],
    ['is not ours', 403, { message: 'Project `p` does not have access to model `x`' }, 'other-model'],
    ['is not deployed', 404, { message: 'The API deployment does not exist' }, 'other-model'],
    ['has too little context', 400, { code: 'context_length_exceeded', message: 'too long' }, 'other-model'],
    [
      'does not know a tool',
      400,
      { param: 'tools', message: 'not supported with this model' },
      'other-model',
    ],
    ['is filtered', 400, { code: 'content_filter', message: 'the prompt was filtered' }, 'other-model'],
    ['has nothing to do with it', 400, { param: 'metadata', message: 'too many pairs' }, undefined],
    ['is not to be asked at this address', 404, { message: 'Invalid URL' }, undefined],
  ])('that says the model %s is for another model, or not', (_, status, error, remedy) => {
    const rejected = APIError.generate(status, { error }, undefined, new Headers());
    expect(classifyError(rejected)).toMatchObject({ kind: 'final', code: 'HW_LLM_REJECTED' });
    expect(classifyError(rejected).remedy).toBe(remedy);
  });

  it('that is shared is for no other model, whatever it says', () => {
    for (const status of [401, 429, 503]) {
      const error = { message: 'Rate limit reached for model x', code: 'rate_limit_exceeded' };
      const trouble = classifyError(APIError.generate(status, { error }, undefined, new Headers()));
      expect(trouble).toMatchObject({ kind: 'retry', shared: true });
      expect(trouble).not.toHaveProperty('remedy');
    }
    const error = { message: 'Rate limit reached for model x' };
    const headers = new Headers({ 'x-should-retry': 'false' });
    const final = classifyError(APIError.generate(429, { error }, undefined, headers));
    expect(final).toMatchObject({ kind: 'final' });
    expect(final).not.toHaveProperty('remedy');
  });

  it('is a rate limit when the provider has no room for the call, even with status 400', () => {
    const full = { error: { message: 'Background response queue is full (max 100). Try again later.' } };
    const error = APIError.generate(400, full, undefined, new Headers());
    expect(classifyError(error)).toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true });
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

describe('a call whose request failed', () => {
  const because = (fields: object) =>
    new APIConnectionError({
      cause: Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), fields) }),
    });

  it.each<[string, unknown, number, boolean]>([
    ['no answer for long', new APIConnectionTimeoutError(), 30_000, true],
    ['a connection that broke after a minute', because({ code: 'ECONNRESET' }), 60_000, true],
    ['one that broke in an outage, at once', because({ code: 'ECONNRESET' }), 200, false],
    ['one that was refused', because({ code: 'ECONNREFUSED', syscall: 'connect' }), 60_000, false],
    ['one that never came about', because({ code: 'ETIMEDOUT', syscall: 'connect' }), 10_001, false],
    ['one of fetch that never came about', because({ code: 'UND_ERR_CONNECT_TIMEOUT' }), 10_001, false],
    ['a name that is not known', because({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 20_000, false],
    ['addresses none of which answers', because({ errors: [{ syscall: 'connect' }] }), 20_000, false],
    ['an answer that broke off', new TypeError('terminated'), 60_000, true],
    ['an answer', answered(500), 60_000, false],
    ['an answer that a gateway gives up waiting for', answered(504), 60_000, false],
  ])('may have been made or not: %s', (_, error, lastedMs, made) => {
    expect(mayHaveBeenMade(error, lastedMs)).toBe(made);
  });

  it('may have been made where a gateway gave up an open request, after a while', () => {
    expect(mayHaveBeenMade(answered(504), 60_000, true)).toBe(true);
    expect(mayHaveBeenMade(answered(504), 500, true)).toBe(false);
    expect(mayHaveBeenMade(answered(502), 60_000, true)).toBe(false);
  });

  it('counts as one of unknown cost when it may have been made, and as trouble of its own where it was held open', () => {
    const failure = classifyError(because({ code: 'ECONNRESET' }));
    expect(failedRequest(failure, false)).toMatchObject({ shared: true, usage: { llmCalls: 0 } });
    expect(failedRequest(failure, true)).toMatchObject({ shared: true, usage: { llmCalls: 1 } });
    const made = failedRequest(failure, true, true);
    expect(made).toMatchObject({ code: 'HW_LLM_UNAVAILABLE', shared: false, usage: { llmCalls: 1 } });
    expect(made.usage).not.toHaveProperty('costNanoUsd');
  });

  it('is told apart from one without a connection however errors are nested', () => {
    const loop: { cause?: unknown } = {};
    loop.cause = loop;
    expect(couldNotConnect(loop)).toBe(false);
    expect(couldNotConnect('connect')).toBe(false);
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
