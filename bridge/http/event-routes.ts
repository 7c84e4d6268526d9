import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { JobView } from '../../contracts/job-view';
import { linkSignals } from '../../runtime/linked-signal';
import type { Door } from './door';
import { hasEnded } from './job-answers';
import { answerTo, RequestProblem } from './problems';
import { eventsHeaders, jobParams, problems } from './schemas';

type Change = { version: string; view: JobView };

/** What a client waits before it connects again, milliseconds. */
const RECONNECT_MS = 3_000;

/** The life of a job as server-sent events. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const eventRoutes: FastifyPluginAsyncZod<{ door: Door }> = async (app, { door }) => {
  const { jobsOf, places, metrics, closing, heartbeatMs } = door;

  app.get(
    '/v1/jobs/:id/events',
    {
      config: { scope: 'read', streams: true },
      schema: {
        operationId: 'followJob',
        summary: 'Follow a job',
        description:
          'Server-sent events until the job has ended. An event `job` has the job as its `data`, and its version as its `id`; an event ' +
          '`problem` is the last one of a stream that broke. Clients connect again by themselves; 204 tells them that there is nothing more.',
        tags: ['jobs'],
        params: jobParams,
        headers: eventsHeaders,
        response: {
          200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
          204: z.undefined().describe('The job has ended, and this client knows it'),
          ...problems(400, 404),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const after = request.headers['last-event-id'];
      const gone = new AbortController();
      const release = places.take(request.caller.name);
      if (!release)
        throw new RequestProblem(
          'HW_RATE_LIMITED',
          'too many streams, batches and waiting requests are open',
        );
      const { signal, unlink } = linkSignals(gone.signal, closing);
      metrics.streamsOpen.inc({ kind: 'events' });
      reply.raw.once('close', () => {
        gone.abort();
        unlink();
        release();
        metrics.streamsOpen.dec({ kind: 'events' });
      });
      const jobs = jobsOf(request.caller.tenant);
      const job = await jobs.get(id);
      const changes = jobs.changes(id, { after, signal })[Symbol.asyncIterator]();
      const first = changes.next();
      // It is awaited below, though maybe not before it fails.
      first.catch(() => undefined);
      if (after !== undefined && hasEnded(job) && (await first).done) return reply.code(204).send();
      const events = eventsOf(changes, first, { signal, heartbeatMs });
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(events, { objectMode: false }) as never);
    },
  );
};

async function* eventsOf(
  changes: AsyncIterator<Change>,
  first: Promise<IteratorResult<Change>>,
  { signal, heartbeatMs }: { signal: AbortSignal; heartbeatMs: number },
): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_MS}\n\n`;
  try {
    for (let next = first; ; next = changes.next()) {
      for (;;) {
        const result = await orAfter(heartbeatMs, next);
        if (result === 'late') {
          yield ': still there\n\n';
          continue;
        }
        if (result.done) return;
        const { version, view } = result.value;
        yield `id: ${version}\nevent: job\ndata: ${JSON.stringify(view)}\n\n`;
        break;
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    yield `event: problem\ndata: ${JSON.stringify(answerTo(error).problem)}\n\n`;
  }
}

async function orAfter<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | 'late'> {
  const settled = new AbortController();
  try {
    return await Promise.race([
      promise,
      delay(milliseconds, 'late' as const, { signal: settled.signal }).catch(() => 'late' as const),
    ]);
  } finally {
    settled.abort();
  }
}
