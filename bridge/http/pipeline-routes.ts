import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { Door } from './door';
import { pipelineListSchema, problems } from './schemas';

/** Which jobs can be asked for. */
export const pipelineRoutes: FastifyPluginAsyncZod<{ door: Door }> = async (app, { door }) => {
  const answer = { pipelines: door.pipelines.map(describePipeline) };

  app.get(
    '/v1/pipelines',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listPipelines',
        summary: 'Installed pipelines',
        description: 'Each with the JSON Schemas of its `input` and of what the model answers.',
        tags: ['pipelines'],
        response: { 200: pipelineListSchema.describe('The pipelines'), ...problems() },
      },
    },
    async () => answer,
  );
};

function describePipeline({ name, request, response }: Pipeline) {
  return {
    name,
    request: z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
    response: z.toJSONSchema(response, { unrepresentable: 'any' }) as Record<string, unknown>,
  };
}
