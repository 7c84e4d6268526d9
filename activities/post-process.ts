import type {
  Citation,
  MarkedOutput,
  PostProcessItem,
  PostProcessOutcome,
  PostProcessRequest,
  StageFailure,
} from '../contracts/stages';
import type { Pipeline } from '../pipelines/define-pipeline';
import { cutBySize, jsonBytes, runBatch, toStageFailure } from './batch';
import { activityAgeMs, asApplicationFailure, placeOf, tooLong, withoutShared } from './enrich';
import type { TellThrown } from './tell-thrown';

export interface PostProcessDependencies {
  pipelineNamed: (name: string) => Pipeline;
  /** Bytes the output of one job may have: what the results topic takes, less the rest of a result. */
  outputMaxBytes: number;
  /** Milliseconds since the workflow first asked for what is being done. */
  ageMs?: () => number;
  tellThrown?: TellThrown;
}

export function createPostProcess(dependencies: PostProcessDependencies) {
  const { pipelineNamed, outputMaxBytes, ageMs = activityAgeMs, tellThrown } = dependencies;
  return {
    /**
     * Makes the outputs of jobs whose answers are durable. One job's error is a value.
     *
     * @throws ApplicationFailure, retryable, while trouble is shared by all jobs
     */
    async postProcess({
      items,
      timeoutMs,
      othersSucceeded,
    }: PostProcessRequest): Promise<{ outcomes: PostProcessOutcome[] }> {
      const outcomes = await runBatch<PostProcessItem, PostProcessOutcome>(
        items,
        { timeoutMs },
        async (item) => ({ ...placeOf(item), ...(await postProcessOne(item)) }),
        (item) => ({ ...placeOf(item), ...timedOut(timeoutMs) }),
      );
      const theirOwn = othersSucceeded || tooLong(ageMs());
      return { outcomes: cutBySize(withoutShared<PostProcessOutcome>(outcomes, items.length, theirOwn)) };
    },

    /**
     * The same for a job that runs as its own workflow. Returns the output, of a confidential job as `MarkedOutput`.
     *
     * @throws ApplicationFailure typed with the error code; not retryable when repeating would change nothing
     */
    async postProcessJob({
      item,
      timeoutMs,
    }: {
      item: PostProcessItem;
      timeoutMs: number;
    }): Promise<unknown> {
      const [outcome] = await runBatch([item], { timeoutMs }, postProcessOne, () => timedOut(timeoutMs));
      if (outcome?.kind === 'output') {
        const { output } = outcome;
        return item.confidential ? ({ confidential: true, output } satisfies MarkedOutput) : output;
      }
      throw asApplicationFailure(outcome ?? timedOut(timeoutMs));
    },
  };

  async function postProcessOne(
    item: PostProcessItem,
  ): Promise<{ kind: 'output'; output: unknown } | StageFailure> {
    try {
      const pipeline = pipelineNamed(item.pipeline);
      const { input, enrichment, citations, consultedLeftOut } = item;
      const output = await pipeline.postProcess(item.answer, {
        ...{ input, enrichment, citations, sources: sourcesOf(item) },
        ...(consultedLeftOut !== undefined && { sourcesLeftOut: consultedLeftOut }),
      });
      const bytes = jsonBytes(output);
      if (bytes <= outputMaxBytes) return { kind: 'output', output };
      const message = `the output has ${bytes} bytes; at most ${outputMaxBytes} are possible`;
      return { kind: 'final', code: 'HW_RESULT_TOO_LARGE', message, endedAt: Date.now() };
    } catch (error) {
      tellThrown?.(error, { pipeline: item.pipeline, stage: 'postProcess' });
      return toStageFailure(error, 'HW_POST_PROCESS_FAILED');
    }
  }
}

/** What was consulted, then what was cited besides; titles are known of what was cited. */
function sourcesOf({ consulted = [], citations }: PostProcessItem): Citation[] {
  const sources = new Map(consulted.map((url) => [url, { url, title: '' }]));
  for (const { url, title } of citations) {
    const known = sources.get(url);
    if (!known) sources.set(url, { url, title });
    else known.title ||= title;
  }
  return [...sources.values()];
}

function timedOut(timeoutMs: number): StageFailure {
  const message = `postProcess took longer than ${timeoutMs} ms`;
  return { kind: 'retry', code: 'HW_POST_PROCESS_FAILED', message, endedAt: Date.now() };
}
