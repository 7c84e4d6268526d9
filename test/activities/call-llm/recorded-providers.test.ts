import { join } from 'node:path';
import { openLlmClient } from '../../../activities/call-llm/open-client';
import { openLlmCalls } from '../../../activities/call-llm/open-calls';
import { testPipeline } from '../support';
import { callOf, noSignal } from './simulator';

/**
 * What servers that nobody here wrote once answered, recorded with `LLM_RECORD` (test/providers/ starts them), and answered again to the real
 * client. Where such a server differs from the simulator, this is kept true without it.
 */
function replay(recording: string, model: string) {
  const folder = join(__dirname, '../../fixtures/exchanges', recording);
  const { client } = openLlmClient({ apiKey: 'any', baseUrl: 'http://127.0.0.1:1/v1', replay: folder });
  const info = jest.fn();
  const { llmCalls } = openLlmCalls('auto', 'headway-llm', {
    ...{ client, model, concurrency: 5, logger: { info, warn: jest.fn() } },
    pipelineNamed: () => testPipeline(),
  });
  return {
    outcomeOf: async (job: string, maxOutputTokens: number) => {
      const started = await llmCalls.start(callOf(job, '', { maxOutputTokens }));
      return 'kind' in started ? started : await llmCalls.wait(started, noSignal());
    },
    found: () => info.mock.calls.map(([fields]: [{ mode: string }]) => fields.mode),
  };
}

/** llama.cpp takes `text.format` and leaves it out of account, calls an answer complete that was cut off, and tells fewer details of usage. */
test('llama.cpp: a first answer of 40 tokens that does not fit, then Chat Completions', async () => {
  const { outcomeOf, found } = replay('llama-cpp', 'random');
  await expect(outcomeOf('a', 40)).resolves.toMatchObject({
    ...{ kind: 'bad-answer', message: 'the answer is not JSON' },
    usage: { outputTokens: 40, llmCalls: 1 },
  });
  await expect(outcomeOf('b', 1_000)).resolves.toMatchObject({
    ...{ kind: 'answer', model: 'random', answer: { score: 0 } },
    usage: { llmCalls: 1 },
  });
  expect(found()).toEqual(['chat-completions']);
});

/** OGX is one with background mode. It says `length` for `max_output_tokens`. */
test('OGX: the background; an answer that fits, one that was cut off, and a call that is refused', async () => {
  const { outcomeOf, found } = replay('ogx', 'llama/random');
  await expect(outcomeOf('a', 1_000)).resolves.toMatchObject({ kind: 'answer', answer: { score: 0 } });
  await expect(outcomeOf('b', 16)).resolves.toMatchObject({
    ...{ kind: 'final', code: 'HW_LLM_INCOMPLETE', message: 'the answer is incomplete: length' },
    remedy: 'more-tokens',
    usage: { llmCalls: 1 },
  });
  await expect(outcomeOf('c', 15)).resolves.toMatchObject({
    ...{ kind: 'final', code: 'HW_LLM_REJECTED', usage: { llmCalls: 0 } },
    message: expect.stringContaining('Input should be greater than or equal to 16') as string,
  });
  expect(found()).toEqual(['background']);
});
