import { z } from 'zod';
import { ApiError } from './api-error';
import { readDirectives, withoutDirectives, type Directive } from './directives';
import { enumValuesOf, type JsonSchema } from './json-schema';
import { findInText, type Findings } from './findings';
import { createInterner } from './interner';
import { fingerprint } from './random';
import { checkStrictSchema } from './strict-schema';
import { readSubject, type Subject } from './subject';

/** A create request that was accepted as valid, reduced to what the answer needs. */
export interface Call {
  model: string;
  background: boolean;
  /** Whether the response can be read again later. */
  stored: boolean;
  /** `metadata.headway_job_id`, otherwise a fingerprint of the input. */
  jobKey: string;
  directives: Directive[];
  subject: Subject;
  /** What the text itself says; absent with web search, which has more to say. */
  findings: Findings | undefined;
  format: AnswerFormat;
  /** Present when the request brings the web search tool. */
  webSearch: { allowedDomains?: string[] } | undefined;
  includeSources: boolean;
  maxOutputTokens: number | undefined;
  inputTokens: number;
  /** The members of the response object that repeat the request, as JSON without its braces. */
  echo: string;
}

type AnswerFormat = { type: 'text' } | { type: 'json'; schema: JsonSchema };

const string = z.string();
const contentPart = z.union([z.object({ text: string }), z.object({}).loose()]);
const inputItem = z.object({ content: z.union([string, z.array(contentPart)]).optional() }).loose();
const tool = z
  .object({
    type: string,
    filters: z.object({ allowed_domains: z.array(string).nullish() }).nullish(),
  })
  .loose();
const format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: string.regex(/^[a-zA-Z0-9_-]{1,64}$/),
    schema: z.record(string, z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

const createBody = z
  .object({
    model: string.min(1),
    input: z.union([string.min(1), z.array(inputItem).min(1)]),
    instructions: string.nullish(),
    background: z.boolean().nullish(),
    store: z.boolean().nullish(),
    stream: z.boolean().nullish(),
    metadata: z
      .record(string.max(64), string.max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, { message: 'Too big: expected at most 16 pairs' })
      .nullish(),
    tools: z.array(tool).nullish(),
    text: z.object({ format: format.nullish() }).loose().nullish(),
    include: z.array(string).nullish(),
    max_output_tokens: z.number().int().min(16).nullish(),
  })
  .loose();
type CreateBody = z.output<typeof createBody>;

// Jobs of one pipeline share schema, tools and instructions: each is kept, and checked, once, not once a response.
const internJson = createInterner((json: string) => json);
const internText = createInterner((json: string) => {
  const settings = JSON.parse(json) as NonNullable<CreateBody['text']>;
  const echo = { verbosity: 'medium', ...settings, format: settings.format ?? { type: 'text' } };
  const format = readFormat(settings.format);
  const enumValues = format.type === 'json' ? enumValuesOf(format.schema) : [];
  return { format, enumValues, echo: JSON.stringify(echo) };
});

/**
 * Reads the body of `POST /v1/responses`.
 * @throws ApiError 400 as the real API words it
 */
export function readCall(body: unknown): Call {
  const parsed = createBody.safeParse(body);
  if (!parsed.success) throw invalidRequest(parsed.error.issues[0]!, body);
  const request = parsed.data;
  if (request.stream) {
    throw new ApiError(400, {
      message: 'LLM SIMULATOR: the simulator does not stream; leave out `stream`.',
      param: 'stream',
      code: 'unsupported_value',
    });
  }
  const stored = request.store ?? true;
  const background = request.background ?? false;
  if (background && !stored) {
    throw new ApiError(400, { message: "Background responses require 'store' to be true.", param: 'store' });
  }
  const text = internText(JSON.stringify(request.text ?? {}));
  const prompt = textOf(request.input);
  const allText = `${prompt}\n${request.instructions ?? ''}`;
  const search = request.tools?.find((one) => /^web_search(_2025_08_26|_preview.*)?$/.test(one.type));
  return {
    model: request.model,
    background,
    stored,
    jobKey: request.metadata?.headway_job_id ?? `input-${fingerprint(prompt)}`,
    directives: readDirectives(request.metadata?.headway_simulate, allText, request.model),
    subject: readSubject(withoutDirectives(allText)),
    findings: search ? undefined : findInText(withoutDirectives(prompt), text.enumValues),
    format: text.format,
    webSearch: search && { allowedDomains: search.filters?.allowed_domains ?? undefined },
    includeSources: request.include?.includes('web_search_call.action.sources') ?? false,
    maxOutputTokens: request.max_output_tokens ?? undefined,
    inputTokens: Math.ceil((allText.length + text.echo.length) / 4),
    echo: echoOf(request, text.echo),
  };
}

/** @throws ApiError 400 for a strict schema that the API does not support */
function readFormat(wanted: NonNullable<CreateBody['text']>['format']): AnswerFormat {
  if (wanted?.type === 'json_object')
    return { type: 'json', schema: { type: 'object', required: ['answer'] } };
  if (wanted?.type !== 'json_schema') return { type: 'text' };
  if (wanted.strict) checkStrictSchema(wanted.name, wanted.schema);
  return { type: 'json', schema: wanted.schema };
}

function textOf(input: CreateBody['input']): string {
  if (typeof input === 'string') return input;
  return input
    .flatMap(({ content }) =>
      Array.isArray(content) ? content : content === undefined ? [] : [{ text: content }],
    )
    .map((part) => ('text' in part && typeof part.text === 'string' ? part.text : ''))
    .join('\n');
}

function echoOf(request: CreateBody, text: string): string {
  const shared = {
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: request.model,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: request.reasoning ?? { effort: null, summary: null },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: 'default',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? 'disabled',
  };
  const echo = internJson(JSON.stringify(shared).slice(1, -1));
  return `${echo},"text":${text},"metadata":${JSON.stringify(request.metadata ?? {})}`;
}

function invalidRequest(issue: z.core.$ZodIssue, body: unknown): ApiError {
  const param = issue.path.join('.') || null;
  const isMissing =
    issue.path.length === 1 && (body as Record<string, unknown>)?.[String(issue.path[0])] === undefined;
  if (isMissing) {
    const message = `Missing required parameter: '${param}'.`;
    return new ApiError(400, { message, param, code: 'missing_required_parameter' });
  }
  return new ApiError(400, {
    message: `Invalid value for '${param}': ${issue.message}.`,
    param,
    code: 'invalid_value',
  });
}
