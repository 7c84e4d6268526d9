import { HeadwayError } from '../../../contracts/errors';
import { describeIssues, type JobRequest } from '../../../contracts/job-request';
import type { JobResult } from '../../../contracts/job-result';
import type { JobView } from '../../../contracts/job-view';
import { pipelineNamed } from '../../../pipelines/registry';
import type { Jobs } from '../../../bridge/jobs/jobs';

/** Jobs in memory, behaving as the interface says; a test ends them, and can make Temporal be away. */
export interface FakeJobs {
  of(tenant?: string): Jobs;
  /** Ends a job; those who wait for it are told. */
  end(id: string, status?: 'completed' | 'failed'): void;
  stage(id: string, stage: JobView['stage']): void;
  readonly started: JobView[];
  /** Called before each start; may throw, or take its time. */
  beforeStart: () => Promise<void> | void;
  away: boolean;
  /** Starts under way, and the most there were at a time. */
  starting: { now: number; most: number };
  /** Followers that are there. */
  following: number;
}

interface Entry {
  view: JobView;
  body: string;
  version: number;
}

export function createFakeJobs(): FakeJobs {
  const entries = new Map<string, Entry>();
  const keys = new Map<string, string>();
  const listeners = new Set<() => void>();
  const fake: FakeJobs = {
    of: (tenant) => jobsOf(tenant),
    end(id, status = 'completed') {
      change(id, (view) => ({
        ...view,
        status,
        completedAt: now(),
        stage: undefined,
        result: resultOf(view, status),
      }));
    },
    stage(id, stage) {
      change(id, (view) => ({ ...view, status: 'in_progress', stage, startedAt: now() }));
    },
    get started() {
      return [...entries.values()].map(({ view }) => view);
    },
    beforeStart: () => undefined,
    away: false,
    starting: { now: 0, most: 0 },
    following: 0,
  };
  return fake;

  function change(id: string, next: (view: JobView) => JobView): void {
    const entry = entries.get(id);
    if (!entry) throw new Error(`no job ${id}`);
    entry.view = next(entry.view);
    entry.version++;
    for (const listener of listeners) listener();
  }

  function changed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => settle(() => reject(signal?.reason as Error));
      const listener = () => settle(resolve);
      const settle = (then: () => void) => {
        listeners.delete(listener);
        signal?.removeEventListener('abort', onAbort);
        then();
      };
      listeners.add(listener);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
    });
  }

  function jobsOf(tenant?: string): Jobs {
    const reach = () => {
      if (fake.away) throw new HeadwayError('HW_SERVER_UNREACHABLE', 'Temporal does not answer');
    };
    const find = (id: string): Entry => {
      reach();
      const entry = entries.get(id);
      if (!entry || (tenant !== undefined && entry.view.tenant !== tenant)) {
        throw new HeadwayError('HW_JOB_UNKNOWN', `no workflow has job ${id}`);
      }
      return entry;
    };
    return {
      async submit(request, { idempotencyKey } = {}) {
        const pipeline = pipelineNamed(request.pipeline);
        const input = pipeline.request.safeParse(request.input);
        if (!input.success) throw new HeadwayError('HW_JOB_INVALID', describeIssues(input.error, 'input'));
        const key = `${tenant}/${idempotencyKey}`;
        const id = request.id ?? keys.get(key) ?? `key-${key}`;
        const body = JSON.stringify({ ...request, id: undefined });
        const before = entries.get(id);
        if (before) {
          if (before.body !== body) throw new HeadwayError('HW_JOB_ID_TAKEN', `job ${id} is another request`);
          return { view: before.view, created: false };
        }
        fake.starting.most = Math.max(fake.starting.most, ++fake.starting.now);
        try {
          await fake.beforeStart();
          reach();
        } finally {
          fake.starting.now--;
        }
        const view = viewOf(id, { ...request, tenant: tenant ?? request.tenant });
        entries.set(id, { view, body, version: 1 });
        if (idempotencyKey !== undefined) keys.set(key, id);
        return { view, created: true };
      },
      get: async (id) => find(id).view,
      async waitFor(id, waitMs, signal) {
        const until = Date.now() + waitMs;
        while (!find(id).view.completedAt && Date.now() < until) {
          const timeout = AbortSignal.timeout(until - Date.now());
          await changed(signal ? AbortSignal.any([signal, timeout]) : timeout).catch((error: unknown) => {
            if (signal?.aborted) throw error;
          });
        }
        return find(id).view;
      },
      async *changes(id, { after, signal } = {}) {
        fake.following++;
        try {
          let seen = after;
          for (;;) {
            const { version, view } = find(id);
            if (String(version) !== seen) yield { version: (seen = String(version)), view };
            if (view.completedAt) return;
            if (String(find(id).version) === seen) await changed(signal);
          }
        } finally {
          fake.following--;
        }
      },
      async list({ pipeline, status, tenant: wanted }, { limit, cursor }) {
        reach();
        const from = Number(cursor ?? 0);
        if (!Number.isInteger(from)) throw new HeadwayError('HW_CURSOR_INVALID', 'cursor: was not given out');
        const all = [...entries.values()]
          .map(({ view }) => view)
          .filter((view) => tenant === undefined || view.tenant === tenant)
          .filter((view) => wanted === undefined || view.tenant === wanted)
          .filter((view) => pipeline === undefined || view.pipeline === pipeline)
          .filter((view) => status === undefined || view.status === status)
          .reverse();
        const more = from + limit < all.length;
        return { jobs: all.slice(from, from + limit), cursor: more ? String(from + limit) : undefined };
      },
      async cancel(id) {
        const { view } = find(id);
        if (view.completedAt) throw new HeadwayError('HW_JOB_ENDED', `job ${id} has ended`);
        change(id, (job) => ({ ...job, status: 'cancelled', completedAt: now() }));
        return find(id).view;
      },
      async retry(id) {
        const { view } = find(id);
        if (!view.completedAt) throw new HeadwayError('HW_JOB_RUNNING', `job ${id} is still running`);
        if (view.status === 'completed') throw new HeadwayError('HW_JOB_NOT_FAILED', `job ${id} completed`);
        change(id, (job) => ({ ...viewOf(id, job), tenant: job.tenant, run: job.run + 1 }));
        return find(id).view;
      },
    };
  }
}

const now = () => new Date().toISOString();

function viewOf(
  id: string,
  request: Pick<JobRequest, 'pipeline' | 'tenant' | 'priority' | 'deadline' | 'notBefore'>,
): JobView {
  const { pipeline, tenant, priority, deadline, notBefore } = request;
  return {
    id,
    pipeline,
    tenant,
    priority,
    deadline,
    notBefore,
    status: 'queued',
    receivedAt: now(),
    run: 1,
    workflow: { id: `http:${id}`, runId: 'run-1' },
  };
}

function resultOf({ id, pipeline, tenant, workflow }: JobView, status: 'completed' | 'failed'): JobResult {
  return {
    id,
    pipeline,
    tenant,
    status,
    ...(status === 'completed'
      ? { output: { answer: 42 } }
      : { error: { stage: 'call-llm', type: 'HW_LLM_REFUSED', message: 'no', attempts: 1 } }),
    usage: { inputTokens: 1, outputTokens: 1, webSearches: 0, llmCalls: 1 },
    timings: { receivedAt: now(), startedAt: now(), completedAt: now(), queuedMs: 1, llmMs: 1, totalMs: 2 },
    source: { door: 'http', timestamp: Date.now() },
    workflow,
  };
}
