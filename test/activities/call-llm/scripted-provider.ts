import OpenAI from 'openai';
import type { LlmCallsOptions } from '../../../activities/call-llm/background-calls';
import { testPipeline } from '../support';

export interface Asked {
  method: string;
  path: string;
  body: Record<string, unknown>;
}

/** What a provider answers: a status with a JSON body, or with a text that claims to be one, or an error that `fetch` throws. */
export type Answer = { status?: number; body?: unknown; text?: string; type?: string } | Error;

/** The official client in front of a provider that answers as the test says, and what it was asked. */
export function scriptedProvider(answer: (asked: Asked) => Answer | Promise<Answer>) {
  const asked: Asked[] = [];
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const path = new URL(url).pathname;
    const body = init?.body ? (JSON.parse(init.body as string) as Asked['body']) : {};
    const one = { method: (init?.method ?? 'GET').toUpperCase(), path, body };
    asked.push(one);
    const said = await answer(one);
    if (said instanceof Error) throw said;
    const headers = { 'content-type': said.type ?? 'application/json' };
    return new Response(said.text ?? JSON.stringify(said.body), { status: said.status ?? 200, headers });
  };
  const client = new OpenAI({ apiKey: 'any', baseURL: 'http://provider.test/v1', maxRetries: 0, fetch });
  const options: LlmCallsOptions = {
    client,
    model: 'some-model',
    concurrency: 20,
    pipelineNamed: () => testPipeline(),
  };
  return { asked, client, options, routes: () => asked.map(({ method, path }) => `${method} ${path}`) };
}

/** What fits the response schema of the pipeline of the tests. */
export const GOOD_ANSWER = JSON.stringify({ summary: 'Boats.', score: 3 });

export function chatCompletion(message: object = { content: GOOD_ANSWER }, finish = 'stop') {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'some-model-1',
    choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', ...message } }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  };
}

export function response(parts: object = {}) {
  const content = [{ type: 'output_text', text: GOOD_ANSWER, annotations: [] }];
  return {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    model: 'some-model-1',
    output: [{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content }],
    usage: { input_tokens: 7, output_tokens: 3, total_tokens: 10 },
    ...parts,
  };
}

export const noRoute = { status: 404, body: { error: { message: 'Not Found' } } };

export function refusal(message: string, param?: string) {
  return { status: 400, body: { error: { message, param, type: 'invalid_request_error' } } };
}
