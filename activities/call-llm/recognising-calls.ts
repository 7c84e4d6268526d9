import { setTimeout as delay } from 'node:timers/promises';
import { APIError, NotFoundError, type OpenAI } from 'openai';
import type { Response } from 'openai/resources/responses/responses';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../contracts/stages';
import { createFairLimit } from '../../runtime/fair-limit';
import type { Logger } from '../../runtime/logger';
import { alreadyExpired, createBackgroundCalls, toHandle, type LlmCallsOptions } from './background-calls';
import { viaChatCompletions } from './chat-completions';
import { classifyError } from './classify-error';
import type { LlmCalls } from './llm-calls';
import { withTimeout } from './http/with-timeout';
import { createInlineCalls } from './inline-calls';
import { viaResponses, type Respond } from './respond';
import { UnreadableAnswerError } from './unreadable-answer';

/** So many calls in a row that Chat Completions rejected, and the Responses API answered, show that it is no way for the model. */
const REJECTIONS_THAT_TELL = 3;

type Mode = 'background' | 'inline' | 'chat-completions';

export interface RecognisingCallsOptions extends LlmCallsOptions {
  logger?: Pick<Logger, 'info' | 'warn'>;
  /** How long the provider may take to accept a call before the call counts as held open. Default: 10 s. */
  acceptMs?: number;
}

/**
 * `LLM_MODE=auto`: calls are made in the background of the provider, unless it shows with a call to a model that it has no background mode
 * there, or no Responses API. No call is made only to find out: each call made before that is known is seen to its end in the way it turns out to be
 * under way. Handles say themselves how they are awaited, so workers that found out different things get along.
 */
export function createRecognisingCalls(options: RecognisingCallsOptions, heldBy: string): LlmCalls {
  const { client, concurrency, logger, acceptMs = 10_000 } = options;
  // By model: a gateway may have models of several providers.
  const modes = new Map<string, Mode>();
  const modeOf = ({ model = options.model }: Pick<LlmCall, 'model'>) => modes.get(model);
  /** Models for which the Responses API was seen to leave the schema out of account, so Chat Completions is tried first. */
  const ignoreSchema = new Set<string>();
  /** By model: calls in a row that Chat Completions rejected for what stood in them, for all we know. */
  const rejections = new Map<string, number>();
  const responses = viaResponses(client);
  const chatCompletions = viaChatCompletions(client, logger);
  const background = createBackgroundCalls(options);
  const inline = createInlineCalls(options, heldBy, (body, requestOptions) =>
    modes.get(body.model!) === 'chat-completions'
      ? chatCompletions(body, requestOptions)
      : responses(body, requestOptions),
  );
  const limitFirstCalls = createFairLimit(concurrency);

  return {
    heldBy,

    async start(call, signal, turn) {
      if (modeOf(call) === undefined) {
        const first = await limitFirstCalls(
          turn,
          async () => {
            signal?.throwIfAborted();
            return modeOf(call) === undefined ? await firstCall(call) : undefined;
          },
          signal,
        );
        if (first) return first;
      }
      return (modeOf(call) === 'background' ? background : inline).start(call, signal, turn);
    },

    wait: (handle, signal, turn) => (handle.heldOpen ? inline : background).wait(handle, signal, turn),

    settle: (handle, outcome) => (handle.heldOpen ? inline : background).settle?.(handle, outcome),

    cancel: (handle, turn) => (handle.heldOpen ? inline : background).cancel(handle, turn),
  };

  /** A call by which it may be found out how calls are made. Returns at the latest after `acceptMs`. */
  async function firstCall(call: LlmCall): Promise<LlmHandle | LlmOutcome> {
    const startedAt = Date.now();
    const expired = alreadyExpired(call, startedAt);
    if (expired) return expired;
    const abort = new AbortController();
    const made = makeFirstCall(call, startedAt, abort.signal);
    const soon = await Promise.race([made, delay(acceptMs, undefined, { ref: false })]);
    // What was not paid for has ended here; an answer takes the way of all answers.
    if (soon && !('kind' in soon)) return soon;
    if (soon && soon.usage.llmCalls === 0) return soon;
    const outcome = made.then((result) =>
      'kind' in result
        ? result
        : background.wait(result, abort.signal).catch(async () => {
            await background.cancel(result);
            return stopped(result);
          }),
    );
    return inline.hold(call, startedAt, outcome, abort);
  }

  async function makeFirstCall(
    call: LlmCall,
    startedAt: number,
    signal: AbortSignal,
  ): Promise<LlmHandle | LlmOutcome> {
    let handle: LlmHandle | undefined;
    let heldOpen: Response | undefined;
    let triesChat = false;
    let lacksChat = false;
    let hasTools = false;
    const { model = options.model } = call;
    const outcome = await inline.ask(call, startedAt, signal, async (body, requestOptions) => {
      hasTools = (body.tools ?? []).length > 0;
      triesChat = ignoreSchema.has(model) && !hasTools;
      const { response, mode, chatError } = await askAndFindOut(body, requestOptions, triesChat);
      lacksChat = chatError !== undefined && noWay(chatError, model);
      if (isUnderWay(response)) handle = toHandle(call, response.id, startedAt);
      if (mode === 'inline') heldOpen = response;
      else if (mode) found(mode, model);
      return response;
    });
    if (heldOpen) {
      // Chat Completions has no tools.
      if (hasTools || lacksChat) found('inline', model);
      else if (outcome.kind === 'bad-answer' && !saysSchema(heldOpen)) ignoreSchema.add(model);
      else if (!ignoreSchema.has(model)) found('inline', model);
    }
    return handle ?? outcome;
  }

  async function askAndFindOut(
    body: Parameters<Respond>[0],
    requestOptions: Parameters<Respond>[1],
    triesChat: boolean,
  ): Promise<{ response: Response; mode?: Mode; chatError?: unknown }> {
    let chatError: unknown;
    if (triesChat) {
      try {
        return { response: await chatCompletions(body, requestOptions), mode: 'chat-completions' };
      } catch (error) {
        // What it rejects, the Responses API may take: it has no such model, or does not speak of schemas as we do.
        if (error instanceof UnreadableAnswerError) throw error;
        if (!isMissingRoute(error) && classifyError(error).kind !== 'final') throw error;
        chatError = error;
      }
    }
    let response: Response;
    try {
      response = await responses({ ...body, background: true, store: true }, requestOptions);
    } catch (error) {
      const mode = refusesBackground(error)
        ? 'inline'
        : isMissingRoute(error)
          ? 'chat-completions'
          : undefined;
      if (!mode) throw error;
      // The refused request was not paid for. Only an answer shows that the other way is the one that works.
      const answer = await (mode === 'inline' ? responses : chatCompletions)(body, requestOptions).catch(
        (otherError: unknown) => {
          throw isMissingRoute(otherError) ? error : otherError;
        },
      );
      return { response: answer, mode, chatError };
    }
    if (isUnderWay(response)) return { response, mode: 'background' };
    if (response.background !== true) return { response, mode: 'inline', chatError };
    const known = await isKnown(client, response.id);
    return { response, mode: known === undefined ? undefined : known ? 'background' : 'inline', chatError };
  }

  /** One call that is rejected for its content says nothing about the others. Each costs a refused request, so only some are let pass. */
  function noWay(chatError: unknown, model: string): boolean {
    const times = (rejections.get(model) ?? 0) + 1;
    rejections.set(model, times);
    return isMissing(chatError) || times >= REJECTIONS_THAT_TELL;
  }

  function found(mode: Mode, model: string): void {
    if (modes.has(model)) return;
    modes.set(model, mode);
    logger?.info({ mode, model }, told[mode]);
  }
}

const told: Record<Mode, string> = {
  background: 'the LLM provider has background mode: a crash of a worker repeats no call',
  inline:
    'the LLM provider has no background mode: requests are held open, and those of a worker that crashes are made again',
  'chat-completions':
    'the LLM provider has no Responses API: calls are made through Chat Completions and held open, and those of a worker that crashes are made again',
};

function isUnderWay({ status }: Response): boolean {
  return status === 'queued' || status === 'in_progress';
}

/** Whether the provider keeps the response; undefined when it could not be asked. */
async function isKnown(client: OpenAI, id: string): Promise<boolean | undefined> {
  try {
    await withTimeout(10_000, (signal) => client.responses.retrieve(id, {}, { timeout: 10_000, signal }));
    return true;
  } catch (error) {
    return isMissing(error) ? false : undefined;
  }
}

/** Servers that know what `text.format` is repeat it in their answers. */
function saysSchema({ text }: Response): boolean {
  return text?.format?.type === 'json_schema';
}

/** 400 that names the parameter, and is no trouble that passes: OGX says so of a full queue too. */
function refusesBackground(error: unknown): boolean {
  if (!(error instanceof APIError) || ![400, 422, 501].includes(error.status as number)) return false;
  if (error.status !== 501 && classifyError(error).kind === 'retry') return false;
  if (error.code === 'not_recorded') return false;
  return ['background', 'store'].includes(error.param ?? '') || /\bbackground\b/i.test(error.message);
}

/** The route is missing, and not the model, which is 404 too. */
function isMissingRoute(error: unknown): boolean {
  if (!isMissing(error)) return false;
  const { code, param, message } = error as APIError;
  return !/model|deployment/i.test(`${code} ${param} ${message}`);
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof NotFoundError ||
    (error instanceof APIError && [405, 501].includes(error.status as number))
  );
}

function stopped({ index, startedAt }: LlmHandle): LlmOutcome {
  const message = 'the call was stopped';
  const usage = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 };
  return { index, startedAt, endedAt: Date.now(), usage, kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message };
}
