import { APIError, type OpenAI } from 'openai';
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { ResponseFormatTextConfig } from 'openai/resources/responses/responses';
import { HeadwayError } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';
import { fromChatCompletion } from './read-chat-completion';
import type { Respond } from './respond';
import { answerOf, reading } from './unreadable-answer';

type Request = ChatCompletionCreateParamsNonStreaming;

/** Something that some servers do not take, and what they get instead. */
interface Concession {
  name: string;
  isAskedFor: (error: APIError) => boolean;
  apply: (request: Request) => Request;
}

/**
 * Makes calls through Chat Completions, the older dialect that servers without the Responses API speak. What a server does not take of
 * it for a model is found out with the first call that it refuses for that, told once, and left out from then on.
 */
export function viaChatCompletions(client: OpenAI, logger?: Pick<Logger, 'warn'>): Respond {
  const concededBy = new Map<string, Set<Concession>>();
  return async (body, options) => {
    const asked = toChatRequest(body);
    const { model } = asked;
    const conceded = concededBy.get(model) ?? new Set();
    concededBy.set(model, conceded);
    for (;;) {
      const applied = new Set(conceded);
      const request = [...applied].reduce((so_far, { apply }) => apply(so_far), asked);
      try {
        const completion = await answerOf(client.chat.completions.create(request, options));
        return reading(() => fromChatCompletion(completion));
      } catch (error) {
        const concession = concessions.find((one) => !applied.has(one) && wasRefused(error, one));
        if (!concession) throw error;
        if (!conceded.has(concession)) logger?.warn({ model, instead: concession.name }, TAKES_LESS);
        conceded.add(concession);
      }
    }
  };
}

const TAKES_LESS =
  'the LLM provider does not take a part of Chat Completions and gets something else instead';

/** @throws HeadwayError HW_LLM_REJECTED for a pipeline with tools */
export function toChatRequest(body: Parameters<Respond>[0]): Request {
  const { model = '', instructions, input, text, tools = [], max_output_tokens } = body;
  if (tools.length > 0) {
    throw new HeadwayError(
      'HW_LLM_REJECTED',
      `The pipeline uses the tool ${tools.map(({ type }) => type).join(', ')}, which Chat Completions does not have: it needs a provider with the Responses API.`,
    );
  }
  const format = text?.format as Extract<ResponseFormatTextConfig, { type: 'json_schema' }>;
  return {
    model,
    messages: [...systemMessage(instructions), ...messagesOf(input)],
    response_format: {
      type: 'json_schema',
      json_schema: { name: format.name, strict: true, schema: format.schema },
    },
    // Known to more servers than its successor, `max_completion_tokens`.
    max_tokens: max_output_tokens,
  };
}

const concessions: Concession[] = [
  {
    name: 'max_completion_tokens',
    isAskedFor: ({ param, message }) => param === 'max_tokens' || /max_completion_tokens/.test(message),
    apply: ({ max_tokens, ...request }) => ({ ...request, max_completion_tokens: max_tokens }),
  },
  {
    name: 'json_object, with the schema in the instructions',
    isAskedFor: ({ message, param }) =>
      /response_format|json_schema/.test(`${param} ${message}`) && !/invalid schema/i.test(message),
    apply: (request) => {
      const format = request.response_format;
      if (format?.type !== 'json_schema') return request;
      const schema = JSON.stringify(format.json_schema.schema);
      const [first, ...others] = request.messages;
      const before = first?.role === 'system' ? `${first.content as string}\n\n` : '';
      const rest = first?.role === 'system' ? others : request.messages;
      const content = `${before}Answer with one JSON object, and nothing else, that matches this JSON schema:\n${schema}`;
      return {
        ...request,
        messages: [{ role: 'system', content }, ...rest],
        response_format: { type: 'json_object' },
      };
    },
  },
];

/** 500 is what some servers of the llama.cpp family say. */
function wasRefused(error: unknown, { isAskedFor }: Concession): boolean {
  return (
    error instanceof APIError &&
    [400, 422, 500].includes(error.status as number) &&
    isAskedFor(error as APIError)
  );
}

function systemMessage(instructions: string | null | undefined): ChatCompletionMessageParam[] {
  return instructions ? [{ role: 'system', content: instructions }] : [];
}

/** What request.ts puts into `input`: a text, or messages with a text each. */
function messagesOf(input: Parameters<Respond>[0]['input']): ChatCompletionMessageParam[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  return (input ?? []).flatMap((item): ChatCompletionMessageParam[] => {
    if (!('role' in item && 'content' in item) || typeof item.content !== 'string') return [];
    return [{ role: item.role === 'developer' ? 'system' : item.role, content: item.content }];
  });
}
