import type { FastifyReply, FastifyRequest } from 'fastify';
import { HeadwayError } from '../../contracts/errors';
import type { JobView } from '../../contracts/job-view';
import { linkSignals } from '../../runtime/linked-signal';
import type { HttpMetrics } from '../../runtime/metrics';
import type { Jobs } from '../jobs/jobs';
import { hasEnded } from './job-answers';
import type { Places } from './places';
import { waitPreferred } from './prefer';

/** Requests that wait for the end of a job, as they prefer. */
export function createWaits({
  jobsOf,
  places,
  metrics,
  closing,
}: {
  jobsOf: (tenant?: string) => Jobs;
  places: Places;
  metrics: HttpMetrics;
  closing: AbortSignal;
}) {
  return {
    preferred: waitPreferred,

    /**
     * The job when it has ended, or as it is after so many seconds. A preference is no promise: at once when too many wait already, when
     * the client has gone, when Temporal goes away meanwhile (the job is durable all the same), and when this process is being stopped.
     */
    async until(
      request: FastifyRequest,
      reply: FastifyReply,
      job: JobView,
      seconds: number,
    ): Promise<JobView> {
      // One that left before tells nobody any more.
      if (reply.raw.destroyed) return job;
      const applied = () => reply.header('preference-applied', `wait=${seconds}`);
      if (hasEnded(job)) {
        applied();
        return job;
      }
      const release = places.take(request.caller.name);
      if (!release) return job;
      applied();
      request.waited = true;
      const gone = new AbortController();
      const { signal, unlink } = linkSignals(gone.signal, closing);
      const onClose = () => gone.abort();
      reply.raw.once('close', onClose);
      metrics.streamsOpen.inc({ kind: 'wait' });
      try {
        return await jobsOf(request.caller.tenant).waitFor(job.id, seconds * 1_000, signal);
      } catch (error) {
        if (signal.aborted || error instanceof HeadwayError) return job;
        throw error;
      } finally {
        reply.raw.off('close', onClose);
        unlink();
        metrics.streamsOpen.dec({ kind: 'wait' });
        release();
      }
    },
  };
}

export type Waits = ReturnType<typeof createWaits>;
