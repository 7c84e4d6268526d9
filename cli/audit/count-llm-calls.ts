import { z } from 'zod';
import { hash64 } from './hash';
import type { RecordTable } from './record-table';
import type { AuditReport } from './report';
import { kindOf } from './summarise';

/** By job id: how many LLM calls a provider would bill. */
export type LlmCallCounts = ReadonlyMap<string, number>;

const countersSchema = z.object({ jobs: z.record(z.string(), z.object({ accepted: z.number() })) });

/** The counters of the LLM simulator. Undefined when there is no simulator at this address. */
export async function readLlmCalls(
  baseUrl: string,
  signal?: AbortSignal,
): Promise<LlmCallCounts | undefined> {
  try {
    const within = AbortSignal.timeout(10_000);
    const response = await fetch(new URL('/simulator/calls', baseUrl), {
      signal: signal ? AbortSignal.any([signal, within]) : within,
    });
    const { jobs } = countersSchema.parse(await response.json());
    return new Map(Object.entries(jobs).map(([jobId, { accepted }]) => [jobId, accepted]));
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

export interface LlmCallFindings {
  totals: NonNullable<AuditReport['llmCalls']>;
  examples: AuditReport['examples']['duplicateLlmCalls'];
}

/**
 * Compares the calls that were made for jobs that have ended with those their results tell of. The result of a job that was cancelled, or expired, does
 * not tell of the call that was stopped by that, so such a job has no duplicates, nor after it has been run again.
 *
 * @param open ids of jobs in running workflows: calls that no result tells of yet are no duplicates
 */
export function compareLlmCalls(
  tables: Iterable<RecordTable>,
  counts: LlmCallCounts,
  exampleCount: number,
  open: ReadonlySet<string> = new Set(),
): LlmCallFindings {
  const { ended, unknown } = readJobs(tables, counts);
  const findings: LlmCallFindings = {
    totals: { accepted: 0, accountedFor: 0, duplicate: 0, unknown },
    examples: [],
  };
  for (const { jobId, calls, accountedFor, stopped } of ended) {
    findings.totals.accepted += calls;
    findings.totals.accountedFor += accountedFor;
    findings.totals.unknown += Math.max(0, accountedFor - calls);
    if (calls <= accountedFor || stopped || open.has(jobId)) continue;
    findings.totals.duplicate += calls - accountedFor;
    if (findings.examples.length < exampleCount) findings.examples.push({ jobId, calls, accountedFor });
  }
  return findings;
}

interface CalledJob {
  jobId: string;
  calls: number;
  accountedFor: number;
  /** Records with its id that have ended, and that have not. */
  ended: number;
  open: number;
  stopped: boolean;
}

/** `unknown`: calls of jobs the simulator has never heard of. */
function readJobs(tables: Iterable<RecordTable>, counts: LlmCallCounts) {
  const jobs = new Map<bigint, CalledJob>();
  for (const [jobId, calls] of counts) {
    jobs.set(hash64(jobId), { jobId, calls, accountedFor: 0, ended: 0, open: 0, stopped: false });
  }
  let unknown = 0;
  for (const table of tables) {
    for (let row = 0; row < table.size; row += 1) {
      if (!table.isPresent(row)) continue;
      const job = jobs.get(table.jobIdHash(row));
      if (!job) {
        unknown += table.llmCallsOf(row);
        continue;
      }
      const kind = kindOf(table, row);
      if (kind === 'running' || kind === 'waiting') job.open += 1;
      else if (table.status(row) !== undefined) job.ended += 1;
      job.accountedFor += table.llmCallsOf(row);
      job.stopped ||= table.wasStopped(row);
    }
  }
  // A job that still runs has calls that no result tells of yet.
  const ended = [...jobs.values()].filter(({ ended, open }) => ended > 0 && open === 0);
  return { ended, unknown };
}
