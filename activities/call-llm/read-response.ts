import type { Response, ResponseFunctionWebSearch } from 'openai/resources/responses/responses';
import { messageOf, sentence } from '../../contracts/errors';
import { describeIssues } from '../../contracts/job-request';
import type { Usage } from '../../contracts/job-result';
import { beyondLimit, CONSULTED_MAX_BYTES, jobLimits } from '../../contracts/limits';
import type { BadAnswer, Citation, LlmAnswer, StageFailure } from '../../contracts/stages';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { costOf, priceOf, type LlmPrices } from '../../runtime/llm-prices';
import { jsonBytes } from '../batch';
import { isAboutModel } from './classify-error';

/** What is kept of a bad answer, to be shown to the model again. */
const KEPT_CHARACTERS = 20_000;

/** What servers call it when an answer used up its tokens: OpenAI, and OGX. */
const CUT_OFF = ['max_output_tokens', 'length'];

/** Bytes of the names and brackets around the consulted pages, and of how many were left out. */
const AROUND_CONSULTED = 60;

export type ReadResponse = LlmAnswer | BadAnswer | Omit<StageFailure, 'endedAt'>;

export interface UsageOptions {
  prices?: LlmPrices;
  /** The model that was asked; its price holds where the one that the answer names has none. */
  model?: string;
}

/** What a response that has ended means for its job. Checks the answer against the pipeline's response schema. */
export function readResponse(
  response: Response,
  pipeline: Pipeline,
  limits = jobLimits(false),
): ReadResponse {
  const { status, model } = response;
  if (status === 'failed') return readFailed(response);
  if (status === 'cancelled') {
    return {
      kind: 'retry',
      code: 'HW_LLM_UNAVAILABLE',
      message: `response ${response.id} was cancelled at the provider`,
    };
  }
  if (status === 'incomplete') {
    const reason = response.incomplete_details?.reason ?? 'unknown reason';
    const remedy = CUT_OFF.includes(reason) ? 'more-tokens' : 'other-model';
    const message = `the answer is incomplete: ${reason}`;
    return { kind: 'final', code: 'HW_LLM_INCOMPLETE', message, remedy };
  }
  const refusal = contentOf(response).find((content) => content.type === 'refusal');
  if (refusal)
    return {
      kind: 'final',
      code: 'HW_LLM_REFUSED',
      message: sentence(`the model refused: ${refusal.refusal}`),
      remedy: 'other-model',
    };

  const text = contentOf(response)
    .map((content) => (content.type === 'output_text' ? content.text : ''))
    .join('');
  const answer = parseJson(text);
  if (answer === undefined)
    return badAnswer(text, text === '' ? 'the answer is empty' : 'the answer is not JSON');
  const checked = checkAnswer(answer, pipeline);
  if ('problem' in checked) return badAnswer(text, checked.problem);

  const cited = citedBy(response);
  const found = cited.length > 0 ? [] : foundInstead(response);
  const missing = missingSources([...cited, ...found], pipeline);
  if (missing !== undefined) return badAnswer(text, missing);

  const result: LlmAnswer = { kind: 'answer', answer: checked.answer, citations: cited, model };
  const bytes = jsonBytes(result);
  if (bytes <= limits.answer) {
    result.citations.push(...thoseThatFit(found, limits.answer - bytes - AROUND_CONSULTED));
    return { ...result, ...consultedPages(response, limits.answer - jsonBytes(result)) };
  }
  const message = `the answer has ${bytes} bytes; ${beyondLimit(limits.answer, limits)}`;
  return { kind: 'final', code: 'HW_ANSWER_TOO_LARGE', message };
}

/** Tokens, web searches and, where the model has a price, cost of one call. */
export function usageOf(response: Response, { prices, model = '' }: UsageOptions = {}): Usage {
  const { usage } = response;
  const used: Usage = {
    inputTokens: usage?.input_tokens ?? 0,
    outputTokens: usage?.output_tokens ?? 0,
    webSearches: outputOf(response).filter((item) => item.type === 'web_search_call').length,
    llmCalls: 1,
  };
  if (!usage) return used;
  used.cachedInputTokens = usage.input_tokens_details?.cached_tokens;
  used.reasoningTokens = usage.output_tokens_details?.reasoning_tokens;
  const price = priceOf(prices, response.model ?? '') ?? priceOf(prices, model);
  const costNanoUsd = price && costOf(price, used);
  return costNanoUsd === undefined ? used : { ...used, costNanoUsd };
}

function readFailed({ error }: Response): ReadResponse {
  const message = sentence(
    `the provider reports ${error?.code ?? 'no code'}: ${error?.message ?? 'no message'}`,
  );
  if (error?.code === 'rate_limit_exceeded')
    return { kind: 'retry', code: 'HW_LLM_RATE_LIMITED', message, shared: true };
  if (error?.code === 'server_error') return { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message };
  const remedy = error && isAboutModel(error) ? 'other-model' : undefined;
  return { kind: 'final', code: 'HW_LLM_REJECTED', message, ...(remedy && { remedy }) };
}

function badAnswer(text: string, problem: string): BadAnswer {
  return {
    kind: 'bad-answer',
    code: 'HW_LLM_BAD_ANSWER',
    message: problem,
    // It goes back to the provider, which may refuse half of a surrogate pair.
    answer: text.slice(0, KEPT_CHARACTERS).toWellFormed(),
  };
}

/** A refinement of a pipeline is code, which may throw: then the answer is as little to be used as one that is wrong. */
function checkAnswer(answer: unknown, pipeline: Pipeline): { answer: unknown } | { problem: string } {
  try {
    const checked = pipeline.response.safeParse(answer);
    return checked.success ? { answer: checked.data } : { problem: describeIssues(checked.error, 'answer') };
  } catch (error) {
    return { problem: sentence(`the check of the answer failed: ${messageOf(error)}`) };
  }
}

/** Some servers leave out what they have nothing to say in. */
function outputOf(response: Response): Response['output'] {
  return (response as Partial<Response>).output ?? [];
}

function contentOf(response: Response) {
  return outputOf(response).flatMap((item) => (item.type === 'message' ? item.content : []));
}

function citedBy(response: Response): Citation[] {
  return contentOf(response).flatMap((content) =>
    content.type === 'output_text'
      ? ((content as Partial<typeof content>).annotations ?? []).flatMap((note) =>
          note.type === 'url_citation' ? [{ url: note.url, title: note.title }] : [],
        )
      : [],
  );
}

/** What web searches found, each page once: the citations of an answer that carries no annotations. */
function foundInstead(response: Response): Citation[] {
  const urls = outputOf(response).flatMap((item) =>
    item.type === 'web_search_call' && (item as Partial<typeof item>).action?.type === 'search'
      ? foundBy(item.action as ResponseFunctionWebSearch.Search)
      : [],
  );
  return [...new Set(urls)].map((url) => ({ url, title: '' }));
}

/** What is wrong when the pipeline demands more sources than there are. */
function missingSources(citations: Citation[], { minSources = 0 }: Pipeline): string | undefined {
  const pages = new Set(citations.map(({ url }) => url)).size;
  if (pages >= minSources) return undefined;
  const demanded = minSources === 1 ? 'a source is' : `${minSources} different sources are`;
  const found = pages === 0 ? 'none' : `only ${pages}`;
  return `${demanded} demanded, and the answer cites ${found}; search the web, and cite the pages that the answer rests on`;
}

/** All pages that were found or opened, each once, as far as there is room for them: no answer fails for its sources. */
function consultedPages(response: Response, room: number): Pick<LlmAnswer, 'consulted' | 'consultedLeftOut'> {
  const all = new Set(
    outputOf(response).flatMap((item): string[] => {
      if (item.type !== 'web_search_call') return [];
      // Some servers say that they searched, and no more.
      const { action } = item as Partial<typeof item>;
      if (action?.type === 'search') return foundBy(action);
      return action?.url ? [action.url] : [];
    }),
  );
  const consulted = thoseThatFit([...all], Math.min(room, CONSULTED_MAX_BYTES) - AROUND_CONSULTED);
  const leftOut = all.size - consulted.length;
  return { ...(all.size > 0 && { consulted }), ...(leftOut > 0 && { consultedLeftOut: leftOut }) };
}

/** The first ones, within `room` and what all sources of an answer may have at most. */
function thoseThatFit<T>(sources: T[], room: number): T[] {
  let bytes = 0;
  const beyond = sources.findIndex(
    (source) => (bytes += jsonBytes(source) + 1) > Math.min(room, CONSULTED_MAX_BYTES),
  );
  return beyond < 0 ? sources : sources.slice(0, beyond);
}

/** Among the sources may be services of the provider, which have a name and no address. */
function foundBy({ sources }: ResponseFunctionWebSearch.Search): string[] {
  return (sources ?? []).flatMap(({ url }) => (url as string | undefined) ?? []);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
