import type { FastifyInstance, HTTPMethods } from 'fastify';
import { HeadwayError } from '../../contracts/errors';

const methods: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/** Where a path is known and the method is not: 405 with the methods it knows. */
const jobPaths: Record<string, HTTPMethods[]> = {
  '/v1/jobs': ['GET', 'POST'],
  '/v1/jobs::batch': ['POST'],
  '/v1/jobs/:id': ['GET'],
  '/v1/jobs/:id/events': ['GET'],
  '/v1/pipelines': ['GET'],
};

export function refuseOtherMethods(app: FastifyInstance, paths = jobPaths): void {
  for (const [url, known] of Object.entries(paths)) {
    app.route({
      method: methods.filter((method) => !known.includes(method)),
      url,
      schema: { hide: true },
      // Before the body is looked at, which may be of any kind.
      onRequest: async (request, reply) => {
        reply.header('allow', known.join(', '));
        throw new HeadwayError(
          'HW_METHOD_NOT_ALLOWED',
          `${request.method}: this path knows ${known.join(', ')}`,
        );
      },
      handler: () => undefined,
    });
  }
}
