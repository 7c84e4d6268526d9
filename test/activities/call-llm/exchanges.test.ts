import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { createBackgroundCalls } from '../../../activities/call-llm/background-calls';
import { recordExchanges } from '../../../activities/call-llm/exchanges/record-exchanges';
import { replayExchanges } from '../../../activities/call-llm/exchanges/replay-exchanges';
import { createInlineCalls } from '../../../activities/call-llm/inline-calls';
import { asHandle, callOf, noSignal, openProvider, type Provider } from './simulator';

const apiKey = 'proj-0123456789abcdef';
const elsewhere = 'http://127.0.0.1:1/other/v1';

let provider: Provider;
let folder: string;
beforeAll(async () => (provider = await openProvider()));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'headway-exchanges-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => provider.stop());

async function record(...calls: Parameters<typeof callOf>[]) {
  const { fetch, written } = recordExchanges({ folder, baseUrl: provider.baseUrl, apiKey });
  const client = new OpenAI({ apiKey, baseURL: provider.baseUrl, maxRetries: 0, fetch });
  const llm = createBackgroundCalls({ ...provider.options, client });
  const outcomes = [];
  for (const call of calls) {
    const started = await llm.start(callOf(...call));
    outcomes.push('kind' in started ? started : await llm.wait(started, noSignal()));
  }
  await written();
  return outcomes;
}

/** Nothing listens at its address. */
function replay() {
  const fetch = replayExchanges({ folder, baseUrl: elsewhere });
  const client = new OpenAI({ apiKey: 'none', baseURL: elsewhere, maxRetries: 0, fetch });
  return createBackgroundCalls({ ...provider.options, client });
}

test('what was recorded is answered again by the real client, without any server, also for another job', async () => {
  const [recorded] = await record(['recorded']);
  const llm = replay();
  for (const job of ['again', 'and again']) {
    const outcome = await llm.wait(asHandle(await llm.start(callOf(job))), noSignal());
    expect(outcome).toMatchObject({ kind: 'answer', answer: (recorded as { answer: unknown }).answer });
    expect(outcome.usage).toEqual(recorded?.usage);
  }
});

test('refusals of the provider are recorded too, with what says when to come again', async () => {
  const [recorded] = await record(['limited', 'rate_limit retry_after=70000']);
  const outcome = await replay().start(callOf('limited again', 'rate_limit retry_after=70000'));
  expect(recorded).toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED', retryAfterMs: 70 });
  expect(outcome).toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED', retryAfterMs: 70 });
});

test('no key is in a file, wherever it stood, and others cannot read it', async () => {
  const secrets = `my key is ${apiKey}, or sk-abcdefgh12345678, password: see postgres://me:hunter2@db/x`;
  await record(['secret', '', { prompt: { instructions: 'Be brief.', input: secrets } }]);
  const files = readdirSync(folder).map((name) => join(folder, name));
  expect(files.length).toBeGreaterThan(1);
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  expect(text).toContain('my key is [redacted]');
  expect(text).not.toMatch(/0123456789abcdef|abcdefgh12345678|hunter2|authorization|openai-organization/i);
  for (const file of files) expect(statSync(file).mode & 0o077).toBe(0);
});

test('a request that was never recorded is refused by name, and not waited out', async () => {
  await record(['recorded']);
  const started = await replay().start(callOf('another', '', { maxOutputTokens: 7 }));
  expect(started).toMatchObject({ kind: 'final', code: 'HW_LLM_REJECTED' });
  expect((started as { message: string }).message).toContain(
    `LLM_REPLAY: ${folder} has no answer to this POST /responses`,
  );
});

test.each<[string, () => void, string]>([
  ['that is empty', () => undefined, 'holds no exchange'],
  ['that does not exist', () => rmSync(folder, { recursive: true }), 'cannot read'],
  [
    'with something else in it',
    () => writeFileSync(join(folder, 'a.json'), '{"format": 1}'),
    'a.json is not an exchange: exchange.recordedAt',
  ],
])('a folder %s is a configuration error', (_, make, sentence) => {
  make();
  expect(() => replay()).toThrow(expect.objectContaining({ code: 'HW_CONFIG_INVALID' }));
  expect(() => replay()).toThrow(sentence);
});

test('a call goes on when its exchange cannot be written, and that is told', async () => {
  const warn = jest.fn();
  const { fetch, written } = recordExchanges({
    ...{ folder: '/dev/null/nowhere', baseUrl: provider.baseUrl, apiKey },
    logger: { warn },
  });
  const client = new OpenAI({ apiKey, baseURL: provider.baseUrl, maxRetries: 0, fetch });
  const llm = createInlineCalls({ ...provider.options, client }, 'own');
  const outcome = await llm.wait(asHandle(await llm.start(callOf('not recorded'))), noSignal());
  await written();
  expect(outcome.kind).toBe('answer');
  expect(warn).toHaveBeenCalledTimes(1);
});
