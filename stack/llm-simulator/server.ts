import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError } from './api-error';
import { createControlRoutes } from './control-routes';
import { resetConnection, sendError, sendJson } from './http';
import { createResponsesRoutes, type Exchange } from './responses-routes';
import type { Simulation } from './simulation';

// Any model name is accepted; these are only what the list shows.
const models = ['gpt-5', 'gpt-5-mini', 'gpt-4.1', 'gpt-4.1-mini'];

/** The HTTP server of a simulation; it does not listen yet. */
export function createSimulatorServer(simulation: Simulation): Server {
  const api = createResponsesRoutes(simulation);
  const control = createControlRoutes(simulation);

  function route(exchange: Exchange, path: string): void | Promise<void> {
    const { request, response } = exchange;
    const [area, ...rest] = path.split('/').slice(1);
    const action = `${request.method} ${rest.length > 0 ? rest[0] : ''}`;
    if (area === 'simulator') {
      if (action === 'GET calls') return control.calls(exchange);
      if (action === 'GET events') return control.events(exchange);
      if (action === 'GET limits') return control.readLimits(exchange);
      if (action === 'GET webhooks') return control.readWebhooks(exchange);
      if (action === 'GET lateness') return control.readLateness(exchange);
      if (action === 'GET faults') return control.readFaults(exchange);
      if (action === 'PUT faults') return control.setFaults(exchange);
      if (action === 'POST reset') return control.reset(exchange);
    }
    if (simulation.faults.away) return resetConnection(request);
    if (area === 'healthz') return sendJson(response, 200, '{"status":"ok","simulator":true}');
    if (area === 'v1') {
      requireKey(request);
      const [, id, verb, ...more] = rest;
      const shape = `${action}${id ? ' :id' : ''}${verb ? ` ${verb}` : ''}${more.length > 0 ? ' ...' : ''}`;
      if (shape === 'POST responses') return api.create(exchange);
      if (shape === 'GET responses :id') return api.retrieve(exchange, id!);
      if (shape === 'POST responses :id cancel') return api.cancel(exchange, id!);
      if (shape === 'DELETE responses :id') return api.remove(exchange, id!);
      if (shape === 'GET models') return sendJson(response, 200, listModels());
      if (shape === 'GET models :id') return sendJson(response, 200, JSON.stringify(modelOf(id!)));
    }
    throw new ApiError(404, { message: `Invalid URL (${request.method} ${path})` });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query] = (request.url ?? '').split('?');
    // Sockets that the client gave up on are ordinary here.
    response.on('error', () => {});
    try {
      await route({ request, response, query: new URLSearchParams(query) }, path);
    } catch (error) {
      if (error instanceof ApiError) return sendError(response, error);
      if (request.destroyed) return;
      simulation.log.line(`has a defect: ${error instanceof Error ? error.stack : String(error)}`);
      sendError(
        response,
        new ApiError(500, { message: `LLM SIMULATOR: ${String(error)}`, type: 'server_error' }),
      );
    }
  }

  const server = createServer((request, response) => void handle(request, response));
  // Longer than any client's own, or a request meets a connection that is just being closed (Node's default: 5 s).
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 80_000;
  return server;
}

function requireKey(request: IncomingMessage): void {
  if (/^Bearer \S/i.test(request.headers.authorization ?? '')) return;
  throw new ApiError(401, {
    message:
      "You didn't provide an API key. Send it in an Authorization header (Authorization: Bearer YOUR_KEY).",
    code: 'invalid_api_key',
  });
}

function modelOf(id: string) {
  return { id, object: 'model', created: 1_735_689_600, owned_by: 'headway-simulator' };
}

function listModels(): string {
  return JSON.stringify({ object: 'list', data: models.map(modelOf) });
}
