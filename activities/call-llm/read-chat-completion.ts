import type { ChatCompletion } from 'openai/resources/chat/completions';
import type { Response, ResponseOutputMessage } from 'openai/resources/responses/responses';

/**
 * A chat completion as the Responses API would have said it, so that both dialects are read and checked by the same code
 * (read-response.ts). What servers leave out, against the API's own description, counts as empty.
 */
export function fromChatCompletion(completion: ChatCompletion): Response {
  const { id, model, created, usage } = completion;
  const choice = completion.choices?.[0];
  const ending = choice ? endingOf(choice.finish_reason) : noChoice;
  return {
    id,
    object: 'response',
    created_at: created,
    model,
    output: choice ? [messageOf(id, (choice as Partial<Choice>).message)] : [],
    ...ending,
    usage: usage && {
      input_tokens: usage.prompt_tokens ?? 0,
      output_tokens: usage.completion_tokens ?? 0,
      total_tokens: usage.total_tokens ?? 0,
      input_tokens_details: { cached_tokens: usage.prompt_tokens_details?.cached_tokens ?? 0 },
      output_tokens_details: { reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? 0 },
    },
  } as Response;
}

type Ending = Pick<Response, 'status' | 'incomplete_details' | 'error'>;

const completed: Ending = { status: 'completed', incomplete_details: null, error: null };
const noChoice: Ending = {
  status: 'failed',
  incomplete_details: null,
  error: { code: 'server_error', message: 'the chat completion has no choice' },
};

function endingOf(reason: string | null): Ending {
  if (reason === 'length')
    return { ...completed, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (reason === 'content_filter')
    return { ...completed, status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return completed;
}

type Choice = ChatCompletion['choices'][number];

function messageOf(
  id: string,
  { content, refusal, annotations }: Partial<Choice['message']> = {},
): ResponseOutputMessage {
  const text = {
    type: 'output_text' as const,
    text: content ?? '',
    annotations: (annotations ?? []).map(({ type, url_citation }) => ({ type, ...url_citation })),
  };
  const refused = { type: 'refusal' as const, refusal: refusal ?? '' };
  return {
    id,
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [refusal ? refused : text],
  };
}
