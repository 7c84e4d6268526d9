import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import type { JobView } from '../../contracts/job-view';
import { jobLimits, type JobLimits } from '../../contracts/limits';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { JobIdLedger } from '../job-id-ledger';
import { createJobRetry, stillRunning, type FailedResult } from '../retry-job';
import { createPackStarter } from '../start-pack';
import { cancelJob } from './cancel-job';
import { cancelWhereItIs } from './cancel-where-it-is';
import { describe, findJob, unknownJob } from './find-job';
import type { Jobs } from './jobs';
import { createListJobs } from './list-jobs';
import { reachable, REQUEST_MS } from './reachable';
import { createSubmit, type Submitted } from './submit';
import { carriedJob, isEnd, requestView, viewJob } from './view-job';

export interface JobsOptions {
  client: Client;
  /** Task queue of the workflows. */
  taskQueue: string;
  llmTaskQueue: string;
  /** Job ids that look like those of its packs are refused. */
  queueTopic: string;
  pipelineNamed: (name: string) => Pipeline;
  limits?: JobLimits;
  /** Absent: two jobs from different doors may have the same id. */
  ledger?: JobIdLedger;
}

const FIRST_LOOK_MS = 200;
const LOOK_EVERY_MS = 1_000;

/** The jobs of one tenant, or of all when none is given. */
export function createJobs(options: JobsOptions): (tenant?: string) => Jobs {
  const { client, pipelineNamed, queueTopic, ledger, limits = jobLimits(false) } = options;
  const rules = { pipelineNamed, queueTopic, limits };
  const startPack = createPackStarter({ ...options, requestTimeoutMs: REQUEST_MS });
  const submit = createSubmit({ client, rules, startPack, ledger });
  const runAgain = createJobRetry(options);
  const list = createListJobs(client);

  return (tenant) => {
    const jobs: Jobs = {
      async submit(request, submitOptions = {}) {
        const submitted = await submit(request, tenant, submitOptions);
        if (submitted.runId === undefined) return { view: await get(submitted.job.id), created: false };
        return { view: viewOfNew(submitted, submitted.runId), created: true };
      },
      get,
      async waitFor(id, waitMs, signal) {
        const until = Date.now() + waitMs;
        let view = await get(id);
        for (let lookMs = FIRST_LOOK_MS; !isEnd(view.status) && Date.now() < until; lookMs = LOOK_EVERY_MS) {
          await changed(view, Math.min(lookMs, until - Date.now()), signal);
          view = await get(id);
        }
        return view;
      },
      async *changes(id, { after, signal } = {}) {
        let seen = after;
        for (;;) {
          const view = await get(id);
          const version = versionOf(view);
          if (version !== seen) yield { version, view };
          seen = version;
          if (isEnd(view.status)) return;
          await changed(view, LOOK_EVERY_MS, signal);
        }
      },
      list: (filter, page) => list(tenant === undefined ? filter : { ...filter, tenant }, page),
      async cancel(id) {
        // Whose it is, before anything is done to it.
        const before = await get(id);
        await cancelWhereItIs(before, {
          look: () => get(id),
          cancelAt: (workflowId) => cancelJob(client, workflowId, id, tenant),
        });
        // It is cancelled, whether or not anybody tells what it looks like now.
        const view = await get(id).catch((error: unknown) => {
          if (error instanceof HeadwayError) return before;
          throw error;
        });
        return isEnd(view.status) ? view : { ...view, status: 'cancelled' };
      },
      async retry(id) {
        const view = await get(id);
        if (view.status === 'completed') {
          throw new HeadwayError('HW_JOB_NOT_FAILED', `job ${id} completed in run ${view.run}`);
        }
        if (!isEnd(view.status)) throw stillRunning(id, view.workflow);
        // Never by its id alone, which a job of another tenant may have, too.
        const failed = view.result ?? (await failedOf(view));
        await reachable(client, 2 * REQUEST_MS, () => runAgain.run(failed));
        return await get(id);
      },
    };
    return jobs;

    /** A job without a result: its workflow was terminated, or no worker tells. */
    async function failedOf({ id, workflow, run }: JobView): Promise<FailedResult> {
      const { source } = await carriedJob(client, workflow, { id, tenant });
      return { id, source, workflow, run: { number: run } };
    }

    async function get(id: string): Promise<JobView> {
      let execution = await findJob(client, { id, tenant });
      for (let hops = 0; ; hops++) {
        const { view, leftAs } = await viewJob(client, execution, { id, tenant });
        if (tenant !== undefined && view.tenant !== tenant) throw unknownJob(id);
        const next = leftAs === undefined || hops > 3 ? undefined : await describe(client, leftAs);
        if (!next) return view;
        execution = next;
      }
    }
  };

  /** Resolves when the workflow has ended, or after so many milliseconds. */
  async function changed({ workflow }: JobView, ms: number, signal?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    const ended = client
      .withAbortSignal(either, () => client.workflow.getHandle(workflow.id, workflow.runId).result())
      .then(
        () => undefined,
        () => (either.aborted ? new Promise<void>(() => undefined) : undefined),
      );
    try {
      const pause = delay(Math.max(ms, 0), undefined, { signal: either });
      pause.catch(() => undefined);
      await Promise.race([pause, ended.then(() => delay(FIRST_LOOK_MS))]);
    } finally {
      over.abort();
    }
    signal?.throwIfAborted();
  }
}

function viewOfNew({ job }: Submitted, runId: string): JobView {
  return { ...requestView(job), status: 'queued', run: 1, workflow: { id: job.id, runId } };
}

/** The same for the same state of a job, in every process. */
function versionOf(view: JobView): string {
  return createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 16);
}
