import { setTimeout as delay } from 'node:timers/promises';
import { APIError, NotFoundError, type OpenAI } from 'openai';
import type { Response } from 'openai/resources/responses/responses';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../contracts/stages';
import { createFairLimit } from '../../runtime/fair-limit';
import type { Logger } from '../../runtime/logger';
import { alreadyExpired, createBackgroundCalls, toHandle, type LlmCallsOptions } from './background-calls';
import { viaChatCompletions } from './chat-completions';
import type { LlmCalls } from './index';
import { createInlineCalls } from './inline-calls';
import { viaResponses, type Respond } from './respond';

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
        const first = await limitFirstCalls(turn, async () => {
          signal?.throwIfAborted();
          return modeOf(call) === undefined ? await firstCall(call) : undefined;
        });
        if (first) return first;
      }
      return (modeOf(call) === 'background' ? background : inline).start(call, signal, turn);
    },

    wait: (handle, signal, turn) => (handle.heldOpen ? inline : background).wait(handle, signal, turn),

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
      'kind' in result ? result : background.wait(result, abort.signal).catch(() => stopped(result)),
    );
    return inline.hold(call, startedAt, outcome, abort);
  }

  async function makeFirstCall(
    call: LlmCall,
    startedAt: number,
    signal: AbortSignal,
  ): Promise<LlmHandle | LlmOutcome> {
    let handle: LlmHandle | undefined;
    const outcome = await inline.ask(call, startedAt, signal, async (body, requestOptions) => {
      const response = await askAndFindOut(body, requestOptions);
      if (isUnderWay(response)) handle = toHandle(call, response.id, startedAt);
      return response;
    });
    return handle ?? outcome;
  }

  async function askAndFindOut(...[body, requestOptions]: Parameters<Respond>): Promise<Response> {
    let response: Response;
    try {
      response = await responses({ ...body, background: true, store: true }, requestOptions);
    } catch (error) {
      const other = refusesBackground(error)
        ? 'inline'
        : hasNoResponses(error)
          ? 'chat-completions'
          : undefined;
      if (!other) throw error;
      // The refused request was not paid for. Only an answer shows that the other way is the one that works.
      const answer = await (other === 'inline' ? responses : chatCompletions)(body, requestOptions).catch(
        (otherError: unknown) => {
          throw hasNoResponses(otherError) ? error : otherError;
        },
      );
      found(other, body.model!);
      return answer;
    }
    const model = body.model!;
    if (isUnderWay(response)) found('background', model);
    else if (response.background !== true) found('inline', model);
    else {
      const known = await isKnown(client, response.id);
      if (known !== undefined) found(known ? 'background' : 'inline', model);
    }
    return response;
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
    await client.responses.retrieve(id, {}, { timeout: 10_000, signal: AbortSignal.timeout(10_000) });
    return true;
  } catch (error) {
    return isMissing(error) ? false : undefined;
  }
}

/** 400 that names the parameter. */
function refusesBackground(error: unknown): boolean {
  if (!(error instanceof APIError) || ![400, 422, 501].includes(error.status as number)) return false;
  if (error.code === 'not_recorded') return false;
  return ['background', 'store'].includes(error.param ?? '') || /\bbackground\b/i.test(error.message);
}

/** The route is missing, and not the model, which is 404 too. */
function hasNoResponses(error: unknown): boolean {
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
