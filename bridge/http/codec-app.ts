import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { describeIssues } from '../../contracts/job-request';
import type { ApiKey } from '../../runtime/api-keys';
import { createPayloadCodec } from '../../runtime/payload-keys/codec';
import type { PayloadKey } from '../../runtime/payload-keys/payload-keys';
import { createAuthentication, requireLoopbackHost, requireScope } from './authentication';

export interface CodecAppOptions {
  keys: readonly PayloadKey[];
  /** Origin of Temporal UI, such as `http://127.0.0.1:8233`: the only pages that may ask. */
  uiOrigin: string;
  /** Without any, only this machine may ask. */
  apiKeys?: readonly ApiKey[];
}

/** A page of a history, with payloads of 2 MB as base64. */
const BODY_MAX_BYTES = 64 * 1024 * 1024;

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const bodySchema = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() })),
});

/**
 * Temporal's remote codec protocol: `POST /decode` and `POST /encode` with payloads as JSON. What cannot be decrypted comes back as it is,
 * so that the rest of a page can be read; what cannot be encrypted ends the request, since it would go on as plain text. https://docs.temporal.io/production-deployment/data-encryption
 */
export function createCodecApp({ keys, uiOrigin, apiKeys }: CodecAppOptions): FastifyInstance {
  const codec = createPayloadCodec(keys);
  const authenticate = createAuthentication(apiKeys);
  const app = fastify({ bodyLimit: BODY_MAX_BYTES, forceCloseConnections: true });

  app.setErrorHandler((error, _, reply) => {
    const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
    const status = statuses[code ?? ''] ?? statusCode;
    void reply.code(status).send({ code, message: messageOf(error) });
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!apiKeys) requireLoopbackHost(request);
    const { origin } = request.headers;
    if (origin !== undefined && origin !== uiOrigin) {
      throw new HeadwayError('HW_FORBIDDEN', 'origin: only pages of --ui-origin may ask');
    }
    void reply.headers({ vary: 'origin', 'cache-control': 'no-store' });
    if (origin !== undefined) void reply.headers(allowed(origin));
    if (request.method === 'OPTIONS') return await reply.code(204).send();
    if (apiKeys) requireAll(authenticate(request.headers.authorization));
  });
  app.options('*', () => undefined);
  app.post('/decode', async (request) => answer(await decodeEach(readBody(request))));
  app.post('/encode', async (request) => answer(await codec.encode(readBody(request))));
  return app;

  /** Each by itself: what cannot be decrypted comes back as it is. */
  async function decodeEach(payloads: Payload[]): Promise<Payload[]> {
    const decoded = payloads.map((payload) => codec.decode([payload]).catch(() => [payload]));
    return (await Promise.all(decoded)).flat();
  }
}

const statuses: Record<string, number> = {
  HW_FORBIDDEN: 403,
  HW_UNAUTHENTICATED: 401,
  HW_REQUEST_INVALID: 400,
};

function allowed(origin: string) {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, x-namespace, authorization',
    'access-control-allow-credentials': 'true',
  };
}

/** Whoever decrypts reads the jobs of all tenants. */
function requireAll(caller: ReturnType<ReturnType<typeof createAuthentication>>): void {
  requireScope(caller, 'read');
  if (caller.tenant === undefined) return;
  throw new HeadwayError(
    'HW_FORBIDDEN',
    `the key "${caller.name}" is for one tenant, and this needs one for all`,
  );
}

function readBody({ body }: FastifyRequest): Payload[] {
  const parsed = bodySchema.safeParse(body);
  if (parsed.success) return parsed.data.payloads;
  throw new HeadwayError('HW_REQUEST_INVALID', describeIssues(parsed.error, 'body'));
}

function answer(payloads: Payload[]) {
  const text = (part?: Uint8Array | null) => Buffer.from(part ?? []).toString('base64');
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)]),
      ),
      data: text(data),
    })),
  };
}
