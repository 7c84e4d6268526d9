import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { completeDocument } from './openapi';

/**
 * The OpenAPI document at /openapi.json, made from the schemas of the routes that are added after this, and a page to try them at /docs, to which / leads.
 * The AsyncAPI document of the topics is at /asyncapi.json. None of them needs a key.
 *
 * @param secured requests need a key; `webhooks`: those of the LLM provider are taken
 */
export async function addDocumentation(
  app: FastifyInstance,
  { secured, webhooks, asyncApi }: { secured: boolean; webhooks: boolean; asyncApi: object },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Headway',
        version: '1.0.0',
        description: 'Slow jobs (LLM calls of 5-30 s): submit, follow, wait for, cancel and retry them.',
      },
      tags: [
        { name: 'jobs', description: 'Start and follow jobs' },
        { name: 'pipelines', description: 'What can be asked for' },
        ...(webhooks ? [{ name: 'webhooks', description: 'What the LLM provider tells' }] : []),
      ],
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      security: secured ? [{ apiKey: [] }] : [],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) =>
      completeDocument(jsonSchemaTransformObject(document) as Partial<OpenAPIV3_1.Document>),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { layout: 'BaseLayout', displayRequestDuration: true, tryItOutEnabled: true },
    theme: { title: 'Headway API' },
  });
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'));
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
  app.get('/asyncapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(asyncApi));
}
