import { ApplicationFailure } from '@temporalio/common';
import type {
  EnrichOutcome,
  EnrichRequest,
  EnrichResponse,
  Enriched,
  JobAt,
  StageFailure,
} from '../contracts/stages';
import type { PackJob } from '../contracts/pack';
import type { Database, Pipeline } from '../pipelines/define-pipeline';
import { cutBySize, jsonBytes, runBatch, toStageFailure } from './batch';

/** Prompt and enrichment of one job: it must fit, with room to spare, into one payload (2 MB). */
const ENRICHED_MAX_BYTES = 1024 * 1024;

export interface EnrichDependencies {
  database: Database;
  pipelineNamed: (name: string) => Pipeline;
}

export function createEnrich({ database, pipelineNamed }: EnrichDependencies) {
  return {
    /**
     * Collects internal data and makes the prompts for jobs of a pack. One job's error is a value.
     *
     * @throws ApplicationFailure, retryable, when every job failed in a way that may pass: that trouble is shared
     */
    async enrichJobs({ jobs, timeoutMs }: EnrichRequest): Promise<EnrichResponse> {
      const outcomes = await runBatch<JobAt, EnrichOutcome>(
        jobs,
        { timeoutMs },
        async ({ index, job }, signal) => ({ index, ...(await enrichOne(job, signal)) }),
        ({ index }) => ({ index, ...timedOut(timeoutMs) }),
      );
      throwIfShared(outcomes);
      return { outcomes: cutBySize(outcomes) };
    },

    /**
     * The same for a job that runs as its own workflow.
     *
     * @throws ApplicationFailure typed with the error code; not retryable when repeating would change nothing
     */
    async enrichJob({
      job,
      timeoutMs,
    }: {
      job: PackJob;
      timeoutMs: number;
    }): Promise<Omit<Enriched, 'kind'>> {
      const [outcome] = await runBatch<PackJob, Enriched | StageFailure>(
        [job],
        { timeoutMs },
        enrichOne,
        () => timedOut(timeoutMs),
      );
      if (outcome?.kind === 'enriched') return { prompt: outcome.prompt, enrichment: outcome.enrichment };
      throw asApplicationFailure(outcome ?? timedOut(timeoutMs));
    },
  };

  async function enrichOne(job: PackJob, signal: AbortSignal): Promise<Enriched | StageFailure> {
    if (job.deadline !== undefined && Date.parse(job.deadline) <= Date.now()) {
      const message = `deadline: ${job.deadline} had passed before work began`;
      return { kind: 'final', code: 'HW_DEADLINE_EXCEEDED', message, endedAt: Date.now() };
    }
    try {
      const pipeline = pipelineNamed(job.pipeline);
      const enrichment = await pipeline.enrich(job.input, { database, signal, jobId: job.id });
      const enriched: Enriched = {
        kind: 'enriched',
        prompt: pipeline.prompt(job.input, enrichment),
        enrichment,
      };
      const bytes = jsonBytes(enriched);
      if (bytes <= ENRICHED_MAX_BYTES) return enriched;
      const message = `prompt and enrichment have ${bytes} bytes; at most ${ENRICHED_MAX_BYTES} are possible`;
      return { kind: 'final', code: 'HW_ENRICH_TOO_LARGE', message, endedAt: Date.now() };
    } catch (error) {
      return toStageFailure(error, 'HW_ENRICH_FAILED');
    }
  }
}

function timedOut(timeoutMs: number): StageFailure {
  const message = `enrich took longer than ${timeoutMs} ms`;
  return { kind: 'retry', code: 'HW_ENRICH_FAILED', message, endedAt: Date.now() };
}

/** When every job of a batch failed in a way that may pass, the batch is tried again as a whole. */
export function throwIfShared(outcomes: ({ kind: string } | StageFailure)[]): void {
  const [first] = outcomes;
  if (first && outcomes.every((outcome) => outcome.kind === 'retry'))
    throw asApplicationFailure(first as StageFailure);
}

export function asApplicationFailure(failure: StageFailure): ApplicationFailure {
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.code,
    nonRetryable: failure.kind === 'final',
    nextRetryDelay: failure.retryAfterMs,
  });
}
