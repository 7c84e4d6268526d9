import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { jobViewSchema } from '../../contracts/job-view';
import { allButTheBody } from './all-but-the-body';
import type { Door } from './door';
import { locationOf, statusOf } from './job-answers';
import { requireJobRequest } from './read-body';
import { bodyProblems, jobRequestBody, problems, submitHeaders } from './schemas';
import { traceOf } from './trace-context';

/** The way in for one job. */
export const submitRoutes: FastifyPluginAsyncZod<{ door: Door }> = async (app, { door }) => {
  const { submit, waits, pipelineNamed } = door;

  app.post(
    '/v1/jobs',
    {
      config: { scope: 'submit' },
      bodyLimit: door.bodyMaxBytes,
      // All that is wrong is told at once, the input too, of which only the pipeline knows.
      validatorCompiler: allButTheBody,
      schema: {
        operationId: 'submitJob',
        summary: 'Start a job',
        description:
          'Answered when the job is durable. The same request again, with the same `id` or `Idempotency-Key`, gives the same job; another ' +
          'request with it is 422. Send one of them to be able to repeat a request whose answer was lost.',
        tags: ['jobs'],
        headers: submitHeaders,
        body: jobRequestBody,
        response: {
          200: jobViewSchema.describe('The job has ended, and has its result'),
          202: jobViewSchema.describe('The job is durable, and goes on'),
          ...problems(400, 422),
          ...bodyProblems,
        },
      },
    },
    async (request, reply) => {
      const { prefer, 'idempotency-key': idempotencyKey } = request.headers;
      const wait = waits.preferred(prefer);
      const { view, created } = await submit(request.caller, requireJobRequest(request.body, pipelineNamed), {
        idempotencyKey,
        ...traceOf(request),
      });
      request.jobId = view.id;
      request.letGoOfBody?.();
      reply.header('location', locationOf(view));
      if (!created) reply.header('idempotent-replayed', 'true');
      const job = wait === undefined ? view : await waits.until(request, reply, view, wait);
      return reply.code(statusOf(job)).send(job);
    },
  );
};
