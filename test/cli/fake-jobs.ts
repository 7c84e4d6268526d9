import type { JobFilter, Jobs } from '../../bridge/jobs/jobs';
import type { WithJobs } from '../../cli/open-jobs';
import { HeadwayError } from '../../contracts/errors';
import type { JobResult } from '../../contracts/job-result';
import type { JobView } from '../../contracts/job-view';

/** Jobs in memory. Each look at one takes the next of its states, and then stays at the last. */
export class FakeJobs {
  readonly states = new Map<string, (JobView | Error)[]>();
  readonly asked: string[] = [];
  readonly listed: JobFilter[] = [];
  /** Pages of `list`. */
  pages: JobView[][] = [];

  readonly open: WithJobs = (_, task) => task(this.jobs, {} as never);

  put(id: string, ...states: (Partial<JobView> | Error)[]): void {
    this.states.set(
      id,
      states.map((state) => (state instanceof Error ? state : viewOf(id, state))),
    );
  }

  private look(id: string): JobView {
    this.asked.push(id);
    const states = this.states.get(id) ?? [unknownJob(id)];
    const state = states.length > 1 ? states.shift() : states[0];
    if (!state) throw unknownJob(id);
    if (state instanceof Error) throw state;
    return state;
  }

  readonly jobs: Jobs = {
    get: async (id) => this.look(id),
    waitFor: async (id) => this.look(id),
    cancel: async (id) => this.look(id),
    retry: async (id) => this.look(id),
    list: async (filter, { limit, cursor = '0' }) => {
      this.listed.push(filter);
      const page = Number(cursor);
      const jobs = (this.pages[page] ?? []).slice(0, limit);
      return { jobs, cursor: page + 1 < this.pages.length ? String(page + 1) : undefined };
    },
    submit: () => Promise.reject(new Error('not used')),
    changes: () => {
      throw new Error('not used');
    },
  };
}

export const unknownJob = (id: string) =>
  new HeadwayError('HW_JOB_UNKNOWN', `Temporal knows no workflow with job ${id}`);

export function viewOf(id: string, some: Partial<JobView> = {}): JobView {
  const status = some.status ?? 'completed';
  const ended = status !== 'queued' && status !== 'in_progress';
  return {
    id,
    pipeline: 'company-brief',
    status,
    receivedAt: '2026-01-31T08:00:00.000Z',
    run: 1,
    workflow: { id: `pack-of-${id}`, runId: 'run' },
    ...(ended ? { completedAt: '2026-01-31T08:00:07.500Z', result: resultOf(id, status) } : {}),
    ...some,
  };
}

export function resultOf(id: string, status: JobResult['status']): JobResult {
  const error = { stage: 'call-llm', type: 'HW_LLM_REFUSED', message: 'it would not', attempts: 2 } as const;
  return {
    id,
    pipeline: 'company-brief',
    status,
    ...(status === 'completed' ? { output: { summary: `about ${id}` } } : { error }),
    usage: { inputTokens: 10, outputTokens: 20, webSearches: 1, llmCalls: 2 },
    timings: {
      receivedAt: '2026-01-31T08:00:00.000Z',
      startedAt: '2026-01-31T08:00:01.000Z',
      completedAt: '2026-01-31T08:00:07.500Z',
      queuedMs: 1_000,
      llmMs: 6_000,
      totalMs: 7_500,
    },
    source: { door: 'http', timestamp: 0 },
    workflow: { id: `pack-of-${id}`, runId: 'run' },
  };
}
