import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { allButTheBody } from './all-but-the-body';
import { batchVerdictSchema } from '../../contracts/problem';
import { batchVerdicts } from './batch';
import type { Door } from './door';
import { linesOf } from './lines';
import { noRoom, WINDOW_BYTES } from './memory';
import { RequestProblem } from './problems';
import { readBody, requireJobRequest } from './read-body';
import { batchHeaders, jobRequestBody, problems } from './schemas';
import { traceOf } from './trace-context';

/** Lines of one batch under way at a time; the starts of all batches together are bounded by the submitter. */
const LINES_UNDER_WAY = 16;

/** Verdicts kept for a client that sends without reading, before no further line is read. */
const VERDICT_BUFFER_BYTES = 1024 * 1024;

/** The way in for many jobs at once. */
export const batchRoute: FastifyPluginAsyncZod<{ door: Door }> = async (app, { door }) => {
  const { submit, places, memory, pipelineNamed, metrics, closing } = door;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));

  app.post(
    '/v1/jobs::batch',
    {
      config: { scope: 'submit', streams: true },
      // The lines are read one by one.
      validatorCompiler: allButTheBody,
      schema: {
        operationId: 'submitBatch',
        summary: 'Start many jobs',
        description:
          'One job request a line, one verdict a line, in the same order and while the lines are still coming. A line that is wrong does not ' +
          'stop the others. Read while you send: after about a megabyte of verdicts that nobody takes no further line is read. Lines that ' +
          'got no verdict, since the connection broke or the process was stopped, can be sent again.',
        tags: ['jobs'],
        consumes: ['application/x-ndjson'],
        headers: batchHeaders,
        body: jobRequestBody,
        response: {
          200: {
            description: 'One verdict a line',
            content: { 'application/x-ndjson': { schema: batchVerdictSchema } },
          },
          ...problems(400, 415),
        },
      },
    },
    async (request, reply) => {
      const share = memory.lines.share(request.caller.name);
      if (!share.hasRoom()) throw noRoom('lines of batches');
      const release = places.take(request.caller.name);
      if (!release)
        throw new RequestProblem(
          'HW_RATE_LIMITED',
          'too many streams, batches and waiting requests are open',
        );
      metrics.streamsOpen.inc({ kind: 'batch' });
      reply.raw.once('close', () => {
        release();
        metrics.streamsOpen.dec({ kind: 'batch' });
      });
      const { caller, headers } = request;
      const key = headers['idempotency-key'];
      const verdicts = batchVerdicts(linesOf(request.raw, door.bodyMaxBytes, share), {
        concurrency: LINES_UNDER_WAY,
        windowBytes: WINDOW_BYTES,
        memory: share,
        lineMaxBytes: door.bodyMaxBytes,
        signal: closing,
        submit: (line, number) =>
          submit(caller, requireJobRequest(readBody(line), pipelineNamed), {
            idempotencyKey: key === undefined ? undefined : `${key}:${number}`,
            patient: true,
            ...traceOf(request),
          }),
        onDefect: (error) => door.logger.error({ err: error }, 'a line of a batch failed'),
      });
      const lines = Readable.from(asLines(verdicts), {
        objectMode: false,
        highWaterMark: VERDICT_BUFFER_BYTES,
      });
      return reply.type('application/x-ndjson').send(lines as never);
    },
  );
};

async function* asLines(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
