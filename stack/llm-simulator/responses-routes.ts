import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Outcome } from './answer';
import { ApiError, errorOfFault } from './api-error';
import { readCall, type Call } from './call';
import { requestFaults } from './fault-names';
import { planCall, planPoll, type Plan } from './faults';
import { readJson, resetConnection, sendError, sendHalf, sendJson } from './http';
import { renderResponse, tokensOf } from './render-response';
import type { StoredResponse } from './responses';
import type { Simulation } from './simulation';

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
}

/** The handlers of `/v1/responses`. All of them throw ApiError for what the API answers with an error. */
export function createResponsesRoutes(simulation: Simulation) {
  const { counters, responses, waiting, options } = simulation;

  async function create(exchange: Exchange): Promise<void> {
    const { call, key } = await readCreate(exchange.request);
    const now = simulation.now();
    responses.settle(now);
    const earlier = key === undefined ? undefined : responses.findByIdempotencyKey(key);
    if (earlier) {
      counters.count(earlier.call.jobKey, 'repeated');
      return earlier.call.background ? send(exchange, earlier) : answerWhenDue(exchange, earlier);
    }
    const nth = counters.count(call.jobKey, 'calls').calls;
    const plan = planCall(call, nth, simulation.faults, options);
    const limits = takeFromLimits(call, nth, plan, now);
    if (plan.fault) simulation.noteFault(plan.fault, call.jobKey);
    refuseByPlan(call, plan);

    counters.count(call.jobKey, 'accepted');
    simulation.events.add({ job: call.jobKey, call: nth, what: 'accepted', at: now });
    const life = { nth, createdAtMs: now, endsAtMs: now + plan.latencyMs, outcome: plan.outcome };
    const started = responses.start(call, { ...life, idempotencyKey: key });
    for (const [name, value] of Object.entries(limits)) exchange.response.setHeader(name, value);
    if (!call.background) return answerWhenDue(exchange, started, plan);
    // The call goes on, but nobody learned its id.
    if (plan.fault === 'disconnect') return disconnect(exchange, started, plan);
    send(exchange, started, now);
  }

  async function readCreate(request: IncomingMessage): Promise<{ call: Call; key: string | undefined }> {
    try {
      const call = readCall((await readJson(request)) ?? {});
      // The real API documents no idempotency key. Nobody may rely on this; it is here so that a client which
      // sends one does not look as if it paid twice.
      const key = request.headers['idempotency-key'];
      return { call, key: typeof key === 'string' ? key : undefined };
    } catch (error) {
      if (error instanceof ApiError) counters.rejected(undefined, error.status);
      throw error;
    }
  }

  function takeFromLimits(call: Call, nth: number, { outcome }: Plan, nowMs: number) {
    const { limits } = simulation;
    try {
      return limits.take(call.model, limits.countTokens ? tokensFor(call, nth, outcome) : 0, nowMs);
    } catch (error) {
      if (error instanceof ApiError) counters.rejected(call.jobKey, error.status);
      throw error;
    }
  }

  function tokensFor(call: Call, nth: number, outcome: Outcome): number {
    if (options.tokensCounted === 'used') return 0;
    return call.maxOutputTokens === undefined
      ? tokensOf(call, nth, outcome, options.seed)
      : call.inputTokens + call.maxOutputTokens;
  }

  function refuseByPlan(call: Call, { fault, retryAfterMs }: Plan): void {
    const refuses = fault && fault !== 'hang' && fault !== 'disconnect';
    if (!refuses || !(requestFaults as readonly string[]).includes(fault)) return;
    const error = errorOfFault(fault, call.model, retryAfterMs);
    counters.rejected(call.jobKey, error.status);
    throw error;
  }

  function answerWhenDue(exchange: Exchange, stored: StoredResponse, plan?: Plan): void {
    const answer = () => {
      responses.settle(simulation.now());
      // A timer may fire a fraction of a millisecond early.
      responses.end(stored, naturalEnd(stored), stored.endsAtMs);
      if (plan?.fault === 'disconnect') disconnect(exchange, stored, plan);
      else if (stored.ended === 'failed')
        sendError(exchange.response, errorOfFault('failed', stored.call.model, 0));
      else send(exchange, stored);
      if (!stored.call.stored) responses.remove(stored);
    };
    const delayMs = Math.max(0, stored.endsAtMs - simulation.now());
    waiting.hold(exchange, delayMs, answer, () => responses.end(stored, 'aborted', simulation.now()));
  }

  function retrieve(exchange: Exchange, id: string): void {
    const stored = find(id);
    if (exchange.query.get('stream') === 'true') {
      const message = 'LLM SIMULATOR: the simulator does not stream; leave out `stream`.';
      throw new ApiError(400, { message, param: 'stream', code: 'unsupported_value' });
    }
    stored.polls++;
    counters.count(stored.call.jobKey, 'polls');
    const { fault, retryAfterMs } = planPoll(stored, simulation.faults, options);
    if (!fault) {
      if (stored.ended && !stored.seen) simulation.lateness.note(simulation.now() - stored.endsAtMs);
      stored.seen = stored.ended !== undefined;
      return send(exchange, stored);
    }
    simulation.noteFault(fault, stored.call.jobKey);
    if (fault === 'hang') return waiting.hold(exchange, Infinity, () => {});
    if (fault === 'disconnect') return resetConnection(exchange.request);
    const error = errorOfFault(fault, stored.call.model, retryAfterMs);
    counters.rejected(stored.call.jobKey, error.status);
    throw error;
  }

  function cancel(exchange: Exchange, id: string): void {
    const stored = find(id);
    if (!stored.call.background)
      throw new ApiError(400, { message: 'Cannot cancel a synchronous response.' });
    responses.end(stored, 'cancelled', simulation.now());
    send(exchange, stored);
  }

  function remove(exchange: Exchange, id: string): void {
    const stored = find(id);
    responses.end(stored, 'cancelled', simulation.now());
    responses.remove(stored);
    sendJson(exchange.response, 200, JSON.stringify({ id, object: 'response', deleted: true }));
  }

  function find(id: string): StoredResponse {
    responses.settle(simulation.now());
    const stored = responses.find(id);
    // An inline call can be read once it has answered, not before.
    if (!stored || (!stored.call.background && !stored.ended)) {
      throw new ApiError(404, { message: `Response with id '${id}' not found.`, param: null });
    }
    return stored;
  }

  function disconnect({ request, response }: Exchange, stored: StoredResponse, plan: Plan): void {
    if (plan.part === 'before') resetConnection(request);
    else
      sendHalf(response, renderResponse(stored, options, { nowMs: simulation.now(), includeSources: false }));
  }

  function send({ response, query }: Exchange, stored: StoredResponse, nowMs = simulation.now()): void {
    const includeSources = [...query.getAll('include'), ...query.getAll('include[]')].some((name) =>
      name.includes('web_search_call.action.sources'),
    );
    sendJson(response, 200, renderResponse(stored, options, { nowMs, includeSources }));
  }

  return { create, retrieve, cancel, remove };
}

function naturalEnd({ outcome: { kind } }: StoredResponse) {
  return kind === 'failed' || kind === 'incomplete' ? kind : 'completed';
}
