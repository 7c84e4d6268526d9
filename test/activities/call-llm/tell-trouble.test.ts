import { APIError } from 'openai';
import { classifyError } from '../../../activities/call-llm/classify-error';
import { readResponse } from '../../../activities/call-llm/read-response';
import { createErrorReader, createTroubleTeller } from '../../../activities/call-llm/tell-trouble';
import { HIDDEN_MESSAGE } from '../../../contracts/confidential';

const answered = (status: number, message: string, code?: string) =>
  APIError.generate(status, { error: { message, code } }, undefined, new Headers());

function createLog() {
  const lines: Record<string, unknown>[] = [];
  let now = 0;
  const read = createErrorReader({ warn: (fields: object) => void lines.push({ ...fields }) }, () => now);
  return { lines, read, pass: (ms: number) => (now += ms) };
}

test('a quota that is used up is told of in the words of the provider, once a minute however many calls it meets', () => {
  const { lines, read, pass } = createLog();
  const error = answered(429, 'You exceeded your current quota.', 'insufficient_quota');
  for (let call = 0; call < 1_000; call++) {
    expect(read(error)).toEqual(classifyError(error));
    pass(119);
  }
  expect(lines).toHaveLength(2);
  expect(lines[0]).toEqual({
    code: 'HW_LLM_RATE_LIMITED',
    status: 429,
    providerCode: 'insufficient_quota',
    reason: '429 You exceeded your current quota.',
    times: 1,
  });
  expect(lines[1]).toMatchObject({ times: 505 });
});

test('trouble of another kind is told of by itself, and what fails a job is not, since its result says it', () => {
  const { lines, read } = createLog();
  read(answered(429, 'slow down'));
  read(answered(503, 'overloaded'));
  read(answered(400, 'Invalid value: Vantorp Steel'));
  expect(lines.map(({ code }) => code)).toEqual(['HW_LLM_RATE_LIMITED', 'HW_LLM_UNAVAILABLE']);
});

test('no key and no long text of the provider gets into the log', () => {
  const { lines, read } = createLog();
  read(answered(401, `Incorrect API key provided: sk-proj-abcdefgh12345678. ${'prompt '.repeat(200)}`));
  expect(JSON.stringify(lines)).not.toContain('abcdefgh');
  expect(String(lines[0]?.reason).length).toBeLessThanOrEqual(300);
});

test('calls that the provider ends later for a reason that passes are told of too, once a minute', () => {
  const lines: Record<string, unknown>[] = [];
  const tell = createTroubleTeller({ warn: (fields: object) => void lines.push({ ...fields }) }, () => 0);
  const failed = (code: string) =>
    ({ id: 'r', status: 'failed', error: { code, message: 'Try again later.' }, output: [] }) as never;
  for (let call = 0; call < 100; call++)
    tell.ofOutcome(readResponse(failed('rate_limit_exceeded'), {} as never));
  tell.ofOutcome(readResponse(failed('server_error'), {} as never));
  tell.ofOutcome(readResponse(failed('invalid_prompt'), {} as never));
  expect(lines.map(({ code, reason }) => [code, reason])).toEqual([
    ['HW_LLM_RATE_LIMITED', 'the provider reports rate_limit_exceeded: Try again later.'],
    ['HW_LLM_UNAVAILABLE', 'the provider reports server_error: Try again later.'],
  ]);
});

test('what the provider says about the call of a confidential job is not told', () => {
  const { lines, read } = createLog();
  const error = answered(500, 'cannot parse "Vantorp Steel"');
  expect(read(error, { confidential: true })).toEqual(classifyError(error));
  expect(lines).toMatchObject([{ code: 'HW_LLM_UNAVAILABLE', status: 500, reason: HIDDEN_MESSAGE }]);
});
