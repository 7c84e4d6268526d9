import type { IncomingMessage } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { HeadwayError } from '../../contracts/errors';
import { createAuthentication, refuseForeignPages, requireScope } from './authentication';
import { batchRoute } from './batch-route';
import { answerClientError } from './client-errors';
import { watchConnections } from './connections';
import { addDocumentation } from './documentation';
import type { Door } from './door';
import { eventRoutes } from './event-routes';
import { jobRoutes } from './job-routes';
import { pipelineRoutes } from './pipeline-routes';
import { answerTo, PROBLEM_JSON, RequestProblem } from './problems';
import { readBody } from './read-body';
import { refuseOtherMethods } from './refuse-other-methods';
import { submitRoutes } from './submit-routes';
import { validationProblem } from './validation-problem';
import { webhookRoute, type WebhookOptions } from './webhook-route';
import { holdBodies, wholeBody } from './whole-bodies';
import type { ApiKey } from '../../runtime/api-keys';

export interface AppOptions {
  door: Door;
  apiKeys?: readonly ApiKey[];
  ratePerMinute: number;
  /** The document of the topics, as `asyncApiDocument` makes it. */
  asyncApi: object;
  /** Without it there is no route for webhooks of the LLM provider. */
  webhooks?: WebhookOptions;
  /** Milliseconds for the headers of a request to arrive, and for its body, batches aside. */
  headersTimeoutMs?: number;
  bodyTimeoutMs?: number;
}

/** Milliseconds without a byte in either direction: longer than a request may wait, and than the heartbeat of a stream. */
const IDLE_MS = 90_000;
const HEADERS_MS = 10_000;
/** How often Node.js looks for headers that did not arrive in time. */
const LOOK_EVERY_MS = 2_000;
const BODY_MS = 30_000;

/** The door as a fastify application that does not listen yet. */
export async function createApp({
  door,
  apiKeys,
  ratePerMinute,
  asyncApi,
  webhooks,
  headersTimeoutMs = HEADERS_MS,
  bodyTimeoutMs = BODY_MS,
}: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    // An id of 200 bytes, each percent-encoded.
    routerOptions: { maxParamLength: 1_000 },
    bodyLimit: door.bodyMaxBytes,
    connectionTimeout: IDLE_MS,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: LOOK_EVERY_MS },
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) =>
      answerError(error, request as FastifyRequest, reply as FastifyReply, door),
    clientErrorHandler: (error, socket) => answerClientError(error, socket, connections.isAnswering(socket)),
  });
  const connections = watchConnections(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, door));
  app.setNotFoundHandler((request) => {
    throw new HeadwayError('HW_ROUTE_UNKNOWN', `${request.method} has nothing at this path`);
  });
  takeBodies(app, bodyTimeoutMs);
  holdBodies(app, door.memory.bodies);
  app.decorateRequest('caller');
  app.decorateRequest('jobId');
  app.decorateRequest('waited');
  measure(app, door);

  app.addHook('onRequest', async (request) => {
    if (door.closing.aborted) throw new HeadwayError('HW_SHUTTING_DOWN', 'this process is being stopped');
    if (!apiKeys && !request.routeOptions.config.signed) refuseForeignPages(request);
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      // Swagger UI sets styles and shows images that it carries itself.
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // TLS is in front of the door, and so is the promise to keep it.
    strictTransportSecurity: false,
  });
  await addDocumentation(app, { secured: apiKeys !== undefined, webhooks: webhooks !== undefined, asyncApi });
  await app.register(async (v1) => {
    const authenticate = createAuthentication(apiKeys);
    v1.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      request.caller = authenticate(request.headers.authorization);
      const { scope } = request.routeOptions.config;
      if (scope) requireScope(request.caller, scope);
    });
    await v1.register(rateLimit, {
      timeWindow: 60_000,
      max: (request) => request.caller.ratePerMinute ?? ratePerMinute,
      keyGenerator: (request) => request.caller.name,
      enableDraftSpec: true,
      errorResponseBuilder: (_request, { ttl, max }) =>
        new RequestProblem('HW_RATE_LIMITED', `more than ${max} requests in a minute`, {
          retryAfter: Math.max(1, Math.ceil(ttl / 1_000)),
        }),
    });
    for (const routes of [submitRoutes, batchRoute, jobRoutes, eventRoutes, pipelineRoutes])
      await v1.register(routes, { door });
    refuseOtherMethods(v1);
  });
  if (webhooks) await app.register(webhookRoute, { door, webhooks });
  await app.ready();
  return app;
}

function takeBodies(app: FastifyInstance, timeoutMs: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const body = await wholeBody(request, payload);
    // A client that always names a type, with a request that needs no body.
    return body.length === 0 ? undefined : readBody(body);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.streams || request.method === 'GET') return;
    const timer = setTimeout(() => {
      if (request.raw.complete || reply.sent) return;
      reply.header('connection', 'close');
      reply.send(new HeadwayError('HW_REQUEST_TIMEOUT', `the body did not arrive within ${timeoutMs} ms`));
    }, timeoutMs);
    reply.raw.once('close', () => clearTimeout(timer));
  });
}

function measure(app: FastifyInstance, { metrics, logger }: Door): void {
  app.addHook('onResponse', async (request, reply) => {
    const { url: route = 'unknown' } = request.routeOptions;
    const status = reply.statusCode;
    const held = request.waited === true || request.routeOptions.config.streams === true;
    metrics.requestDuration.observe(
      { method: request.method, route: readable(route), status: String(status), wait: String(held) },
      reply.elapsedTime / 1_000,
    );
    if (!logger.isLevelEnabled('debug')) return;
    const { caller, jobId } = request;
    logger.debug(
      { method: request.method, route, status, ms: Math.round(reply.elapsedTime), key: caller?.name, jobId },
      'request answered',
    );
  });
}

/** As the document has it: `/v1/jobs/{id}:cancel`. */
function readable(route: string): string {
  return route.replace(/:(\w+)(\([^)]*\))?(?=\/|::|$)/g, '{$1}').replace(/::/g, ':');
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, { logger }: Door): void {
  const { problem, headers } = answerTo(validationProblem(error) ?? error);
  if (problem.status === 500)
    logger.error({ err: error, method: request.method, jobId: request.jobId }, 'request failed');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  void reply.code(problem.status).headers(headers).type(PROBLEM_JSON).send(JSON.stringify(problem));
}
