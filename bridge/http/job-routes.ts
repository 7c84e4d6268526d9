import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { HeadwayError } from '../../contracts/errors';
import { jobViewSchema } from '../../contracts/job-view';
import { requireTenant } from './authentication';
import type { Door } from './door';
import { bodyProblems, jobPageSchema, jobParams, listQuery, preferHeaders, problems } from './schemas';

/** Looking at jobs, and what can be done with one. */
export const jobRoutes: FastifyPluginAsyncZod<{ door: Door }> = async (app, { door }) => {
  const { jobsOf, waits } = door;

  app.get(
    '/v1/jobs/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getJob',
        summary: 'A job',
        description: 'Its status, stage, attempts and times; with its result once it has ended.',
        tags: ['jobs'],
        params: jobParams,
        headers: preferHeaders,
        response: { 200: jobViewSchema.describe('The job'), ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const wait = waits.preferred(request.headers.prefer);
      const job = await jobsOf(request.caller.tenant).get(id);
      return wait === undefined ? job : waits.until(request, reply, job, wait);
    },
  );

  app.get(
    '/v1/jobs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listJobs',
        summary: 'Jobs in progress, then those that ended, the latest first',
        description:
          'A page may have fewer jobs than `limit`, even none, and yet not be the last: that one has no `nextCursor`. A job that just ' +
          'came may take a second to appear.',
        tags: ['jobs'],
        querystring: listQuery,
        response: { 200: jobPageSchema.describe('A page of jobs'), ...problems(400) },
      },
    },
    async (request) => {
      const { limit, cursor, since, until, ...filter } = request.query;
      requireTenant(request.caller, filter.tenant);
      const page = await jobsOf(request.caller.tenant).list(
        { ...filter, since: millisecondsOf(since), until: millisecondsOf(until) },
        { limit, cursor },
      );
      return { jobs: page.jobs, nextCursor: page.cursor, unanswered: page.unanswered };
    },
  );

  // The expression lets an id have colons of its own.
  app.post(
    '/v1/jobs/:id(^[\\s\\S]+?)::cancel',
    {
      config: { scope: 'cancel' },
      schema: {
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description:
          'It ends as `cancelled` for certain; its LLM call is being stopped, and its result on its way.',
        tags: ['jobs'],
        params: jobParams,
        response: {
          200: jobViewSchema.describe('The job'),
          ...problems(400, 404, 409, 504),
          ...bodyProblems,
        },
      },
    },
    async (request) => {
      requireAction(request.raw.url, ':cancel');
      return jobsOf(request.caller.tenant).cancel(request.params.id);
    },
  );

  app.post(
    '/v1/jobs/:id(^[\\s\\S]+?)::retry',
    {
      config: { scope: 'retry' },
      schema: {
        operationId: 'retryJob',
        summary: 'Run a job again that failed, expired or was cancelled',
        tags: ['jobs'],
        params: jobParams,
        response: {
          202: jobViewSchema.describe('The job in its new run'),
          ...problems(400, 404, 409, 422),
          ...bodyProblems,
        },
      },
    },
    async (request, reply) => {
      requireAction(request.raw.url, ':retry');
      const job = await jobsOf(request.caller.tenant).retry(request.params.id);
      return reply.code(202).send(job);
    },
  );
};

function millisecondsOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** The router decodes `%3A` before it looks for `:cancel`; but `/v1/jobs/x%3Acancel` is the job `x:cancel`, not an action. */
function requireAction(url: string | undefined, action: string): void {
  if (url?.split('?', 1)[0]?.endsWith(action)) return;
  throw new HeadwayError('HW_ROUTE_UNKNOWN', `the path does not end with ${action}`);
}
