import { zodTextFormat } from 'openai/helpers/zod';
import type {
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
  Tool,
} from 'openai/resources/responses/responses';
import type { LlmCall } from '../../contracts/stages';
import type { Pipeline, WebSearchTool } from '../../pipelines/define-pipeline';

type TextFormat = ReturnType<typeof zodTextFormat>;

/** JSON schemas by pipeline name: made once, since the conversion costs more than the rest of a request. */
const textFormats = new Map<string, TextFormat>();

/**
 * The body of `POST /v1/responses` for a call, but for the way it is run.
 *
 * @param model of a call that names none
 */
export function toRequest(
  call: LlmCall,
  pipeline: Pipeline,
  model: string,
): ResponseCreateParamsNonStreaming {
  return {
    model: call.model ?? model,
    instructions: call.prompt.instructions,
    input: toInput(call),
    text: { format: textFormat(pipeline) },
    tools: pipeline.tools.map(toTool),
    // With structured output the annotations may be missing; then what the search consulted takes their place.
    include: pipeline.tools.length > 0 ? ['web_search_call.action.sources'] : undefined,
    max_output_tokens: call.maxOutputTokens,
    // Lets a person find the call of a job in the provider's console, and the simulator count calls by job.
    metadata: {
      headway_job_id: call.jobId,
      headway_attempt: String(call.attempt),
      ...(call.prompt.version !== undefined && { headway_prompt: call.prompt.version.slice(0, 512) }),
    },
  };
}

function toInput({ prompt, repair }: LlmCall): string | ResponseInputItem[] {
  if (!repair) return prompt.input;
  return [
    { role: 'user', content: prompt.input },
    { role: 'assistant', content: repair.answer },
    {
      role: 'user',
      content: `This answer cannot be used: ${repair.problem}. Give the whole answer again, corrected.`,
    },
  ];
}

function textFormat({ name, response }: Pipeline): TextFormat {
  const known = textFormats.get(name);
  if (known) return known;
  const format = zodTextFormat(response, name.replaceAll('-', '_'));
  textFormats.set(name, format);
  return format;
}

function toTool(tool: WebSearchTool): Tool {
  return {
    type: tool.type,
    filters: tool.allowedDomains && { allowed_domains: tool.allowedDomains },
    search_context_size: tool.searchContextSize,
    user_location: tool.userLocation && { type: 'approximate', ...tool.userLocation },
  };
}
