import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { createInlineCalls } from '../../../activities/call-llm/inline-calls';
import { classifyError } from '../../../activities/call-llm/classify-error';
import { APIError } from 'openai';
import { llmCall, testPipeline } from '../support';

it('an inline call ends with its timeout also when the provider stalls in the middle of the body', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"id":');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const client = new OpenAI({ apiKey: 'x', baseURL, maxRetries: 0 });
  const calls = createInlineCalls(
    { client, model: 'm', concurrency: 1, pipelineNamed: () => testPipeline() },
    'w',
  );
  const handle = await calls.start(llmCall({ timeoutMs: 200 }));
  const limit = AbortSignal.timeout(2_000);
  const outcome = await calls.wait(handle as never, limit).catch(() => 'still waiting after 2 s');
  await calls.cancel(handle as never);
  server.closeAllConnections();
  server.close();
  expect(outcome).toMatchObject({ code: 'HW_LLM_TIMEOUT' });
});

it('a provider cannot make a job wait for longer than a day', () => {
  const error = APIError.generate(429, {}, undefined, new Headers({ 'retry-after': '99999999' }));
  expect(classifyError(error).retryAfterMs).toBeLessThanOrEqual(86_400_000);
});
