import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type {
  EnrichOutcome,
  EnrichRequest,
  EnrichResponse,
  Enriched,
  JobAt,
  StageFailure,
} from '../contracts/stages';
import { markOf, type Confidential } from '../contracts/confidential';
import { beyondLimit, jobLimits, type JobLimits } from '../contracts/limits';
import type { PackJob } from '../contracts/pack';
import { taskPriority, type TaskPriority } from '../contracts/task-priority';
import { checkPrompt } from '../pipelines/check-prompt';
import type { Database, Pipeline } from '../pipelines/define-pipeline';
import { cutBySize, jsonBytes, runBatch, toStageFailure } from './batch';
import type { TellThrown } from './tell-thrown';

export interface EnrichDependencies {
  /** With `inTurn`, tenants take turns at its connections. */
  database: Database & { inTurn?: (turn: TaskPriority) => Database };
  pipelineNamed: (name: string) => Pipeline;
  /** Default: those without a payload store. */
  limits?: JobLimits;
  /** Milliseconds since the workflow first asked for what is being done. */
  ageMs?: () => number;
  tellThrown?: TellThrown;
}

export function createEnrich(dependencies: EnrichDependencies) {
  const {
    database,
    pipelineNamed,
    limits = jobLimits(false),
    ageMs = activityAgeMs,
    tellThrown,
  } = dependencies;
  return {
    /**
     * Collects internal data and makes the prompts for jobs of a pack. One job's error is a value.
     *
     * @throws ApplicationFailure, retryable, while trouble is shared by all jobs
     */
    async enrichJobs({ jobs, timeoutMs, othersSucceeded }: EnrichRequest): Promise<EnrichResponse> {
      const outcomes = await runBatch<JobAt, EnrichOutcome>(
        jobs,
        { timeoutMs },
        async (at, signal) => ({ ...placeOf(at), ...(await enrichOne(at.job, signal)) }),
        (at) => ({ ...placeOf(at), ...timedOut(timeoutMs) }),
      );
      const own = withoutShared<EnrichOutcome>(outcomes, jobs.length, othersSucceeded || tooLong(ageMs()));
      return { outcomes: cutBySize(own) };
    },

    /**
     * The same for a job that runs as its own workflow.
     *
     * @throws ApplicationFailure typed with the error code; not retryable when repeating would change nothing
     */
    async enrichJob({
      job,
      timeoutMs,
      confidential,
    }: {
      job: PackJob;
      timeoutMs: number;
    } & Confidential): Promise<Omit<Enriched, 'kind'> & Confidential> {
      const [outcome] = await runBatch<PackJob, Enriched | StageFailure>(
        [job],
        { timeoutMs },
        enrichOne,
        () => timedOut(timeoutMs),
      );
      if (outcome?.kind === 'enriched') {
        const { prompt, enrichment } = outcome;
        return { ...markOf({ confidential }), prompt, enrichment };
      }
      throw asApplicationFailure(outcome ?? timedOut(timeoutMs));
    },
  };

  async function enrichOne(job: PackJob, signal: AbortSignal): Promise<Enriched | StageFailure> {
    if (job.deadline !== undefined && Date.parse(job.deadline) <= Date.now()) {
      const message = `deadline: ${job.deadline} had passed before work began`;
      return { kind: 'final', code: 'HW_DEADLINE_EXCEEDED', message, endedAt: Date.now() };
    }
    let stage: 'enrich' | 'prompt' = 'enrich';
    try {
      const pipeline = pipelineNamed(job.pipeline);
      const enrichment = await pipeline.enrich(job.input, {
        database: databaseFor(job, signal),
        signal,
        jobId: job.id,
      });
      stage = 'prompt';
      const enriched: Enriched = {
        kind: 'enriched',
        prompt: checkPrompt(pipeline.name, pipeline.prompt(job.input, enrichment)),
        enrichment,
      };
      const bytes = jsonBytes(enriched);
      if (bytes <= limits.enriched) return enriched;
      const message = `prompt and enrichment have ${bytes} bytes; ${beyondLimit(limits.enriched, limits)}`;
      return { kind: 'final', code: 'HW_ENRICH_TOO_LARGE', message, endedAt: Date.now() };
    } catch (error) {
      // What is thrown after that is thrown because of it.
      if (!signal.aborted) tellThrown?.(error, { pipeline: job.pipeline, stage });
      return toStageFailure(error, 'HW_ENRICH_FAILED');
    }
  }

  /**
   * What a batch has given up is asked for again by the next one. Both in the queue of a slow database would make it slower still. A query that nobody
   * waits for any more, since another one failed meanwhile, fails unheard.
   */
  function databaseFor(job: PackJob, signal: AbortSignal): Database {
    const inTurn = database.inTurn?.(taskPriority([job])) ?? database;
    return {
      query: <Row extends Record<string, unknown>>(sql: string, parameters?: unknown[]) => {
        const rows = inTurn.query<Row>(sql, parameters, signal);
        rows.catch(() => undefined);
        return rows;
      },
    };
  }
}

/** How an outcome is told apart, with the mark. */
export function placeOf({ index, confidential }: { index: number } & Confidential) {
  return { ...markOf({ confidential }), index };
}

function timedOut(timeoutMs: number): StageFailure {
  const message = `enrich took longer than ${timeoutMs} ms`;
  return { kind: 'retry', code: 'HW_ENRICH_FAILED', message, endedAt: Date.now() };
}

/**
 * What of a batch of `asked` jobs is worth reporting. Jobs that met trouble others share are left out, to be asked for again.
 *
 * @param theirOwn an error that may pass is that of its job, also when all of a larger batch have one
 * @throws ApplicationFailure, retryable, when nothing is left, or all jobs of a larger batch failed in a way that may pass
 */
export function withoutShared<Outcome extends { kind: string }>(
  outcomes: (Outcome | StageFailure)[],
  asked: number,
  theirOwn = false,
): Outcome[] {
  const failures = outcomes.filter((outcome): outcome is StageFailure => outcome.kind === 'retry');
  const own = outcomes.filter((outcome) => !(outcome as StageFailure).shared);
  const [failure] = failures;
  const allFailed = failures.length === asked && asked > 1 && !theirOwn;
  if (failure && (allFailed || own.length === 0)) throw asApplicationFailure({ ...failure, shared: true });
  return own as Outcome[];
}

/**
 * All jobs of a batch with an error look like a system that is away, but may be a few that meet the same defect. After so long they go on as
 * workflows of their own, which end with that error. What says itself that it is away (`UnavailableError`) is believed for longer.
 */
const BELIEVE_SHARED_MS = 600_000;

export function tooLong(ageMs: number): boolean {
  return ageMs > BELIEVE_SHARED_MS;
}

/** Milliseconds since the activity was scheduled, over all its attempts. */
export function activityAgeMs(): number {
  return Date.now() - activityInfo().scheduledTimestampMs;
}

export function asApplicationFailure(failure: StageFailure): ApplicationFailure {
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.shared ? 'HW_UNAVAILABLE' : failure.code,
    nonRetryable: failure.kind === 'final',
    nextRetryDelay: failure.retryAfterMs,
  });
}
