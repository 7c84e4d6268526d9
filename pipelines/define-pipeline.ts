import type { z } from 'zod';
import { HeadwayError } from '../contracts/errors';
import { describeIssues } from '../contracts/job-request';
import { policySchema, type PipelinePolicy } from '../contracts/policy';
import type { Citation, Prompt } from '../contracts/stages';
import { requestSchemaProblem } from './request-schema';
import { responseSchemaProblem } from './response-schema';
import { toolsSchema } from './web-search';
import { wrongFields, type FieldKind } from './wrong-fields';

export { PermanentError, UnavailableError } from '../contracts/stage-errors';

/** Read access to the internal data. Parameters are `$1`, `$2`, ... as PostgreSQL has them. */
export interface Database {
  /** A query that still waits for a connection when `signal` is aborted is not sent. In `enrich` that is so without giving one. */
  query<Row extends Record<string, unknown>>(
    sql: string,
    parameters?: unknown[],
    signal?: AbortSignal,
  ): Promise<Row[]>;
}

/** What the web search of the model may do. Names as in the OpenAI Responses API, tool type `web_search`. */
export interface WebSearchTool {
  type: 'web_search';
  /** Only pages of these domains and their subdomains, such as `example.org`; 100 at most. Left out: all. */
  allowedDomains?: string[];
  /** How much of what is found goes to the model, which costs tokens. */
  searchContextSize?: 'low' | 'medium' | 'high';
  /** Where the search is made from, roughly: `country` as `DE` (ISO 3166-1), `timezone` as `Europe/Berlin` (IANA). */
  userLocation?: { country?: string; region?: string; city?: string; timezone?: string };
}

/** What `definePipeline` takes. The types of all stages follow from `request`, `response` and what `enrich` returns. */
export interface PipelineDefinition<Request, Response, Enrichment = null, Output = Response> {
  /** Lower-case words joined by hyphens; the `pipeline` of a job request. */
  name: string;
  /**
   * Schema of the job's `input`. A record that does not match it is a dead letter. It checks and changes nothing: every
   * stage gets the input as it was sent, so no `default`, `coerce` or `transform`.
   */
  request: z.ZodType<Request, NoInfer<Request>>;
  /** Schema of the model's answer: sent as a strict JSON schema, and checked when the answer is there. */
  response: z.ZodType<Response>;
  /**
   * Collects internal data for one job. Runs again after a crash or an error, so it must not change anything. Throw
   * `PermanentError` when repeating would change nothing; everything else is tried again. Left out: the enrichment is
   * null, and the database is not asked.
   */
  enrich?: (input: NoInfer<Request>, context: EnrichContext) => Promise<Enrichment> | Enrichment;
  /** The two texts the model gets. */
  prompt: (input: NoInfer<Request>, enrichment: NoInfer<Enrichment>) => Prompt;
  /** Tools the model may use. */
  tools?: WebSearchTool[];
  /**
   * So many different pages an answer must have among its citations. One with fewer is a bad answer: the model is asked to mend it, as
   * often as `policy.llm.repairAttempts` says, and then the job fails with `HW_LLM_BAD_ANSWER`. Left out: an answer needs none.
   */
  minSources?: number;
  /** Makes the output of the job out of the answer. See `policy.postProcess.deterministic`. Left out: the answer is the output. */
  postProcess?: (
    answer: NoInfer<Response>,
    context: PostProcessContext<NoInfer<Request>, NoInfer<Enrichment>>,
  ) => Promise<Output> | Output;
  /** Times and attempts; whatever is left out has the default of contracts/policy.ts. */
  policy?: z.input<typeof policySchema>;
}

/** What `enrich` gets besides the input. */
export interface EnrichContext {
  /** The internal data (`DATABASE_URL`). */
  database: Database;
  /** Aborted when the time of the stage is up. */
  signal: AbortSignal;
  /** For logs and for requests to other systems. */
  jobId: string;
}

/** What `postProcess` gets besides the answer. */
export interface PostProcessContext<Request, Enrichment> {
  /** The input of the job, as it was sent. */
  input: Request;
  /** What `enrich` returned. */
  enrichment: Enrichment;
  /** What the model's web search cited, in order of appearance. */
  citations: Citation[];
  /** All pages that it consulted or cited, each address once: in the order in which they were consulted, then those that were only cited. */
  sources: Citation[];
  /** How many more it consulted than could be kept; absent when all are in `sources`. */
  sourcesLeftOut?: number;
}

type Erased = PipelineDefinition<unknown, unknown, unknown, unknown>;

/**
 * A pipeline as the engine uses it: types erased, since it handles all pipelines alike, no stage missing, and the policy
 * complete.
 */
export type Pipeline = Omit<Erased, 'enrich' | 'postProcess' | 'policy' | 'tools'> &
  Required<Pick<Erased, 'enrich' | 'postProcess'>> & {
    tools: WebSearchTool[];
    policy: PipelinePolicy;
  };

/** All fields: one that is added above has to be named here. */
const fields: Record<keyof Erased, FieldKind> = {
  name: 'checked elsewhere',
  request: 'schema',
  response: 'schema',
  enrich: 'optional function',
  prompt: 'function',
  tools: 'checked elsewhere',
  minSources: 'checked elsewhere',
  postProcess: 'optional function',
  policy: 'checked elsewhere',
};

/**
 * Describes how one kind of job is worked on. The types of every stage follow from the schemas.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` naming the field that cannot be used, or that no pipeline has
 */
export function definePipeline<Request, Response, Enrichment = null, Output = Response>(
  definition: PipelineDefinition<Request, Response, Enrichment, Output>,
): Pipeline {
  // Where nothing compiles, it may not even be an object.
  const given = { ...definition };
  const { name, request, response, tools = [] } = given;
  if (!isPipelineName(name)) {
    throw invalid(`definePipeline: name "${name}" must be lower-case words joined by hyphens`);
  }
  const checkedTools = toolsSchema.safeParse(tools);
  const policy = policySchema.safeParse(given.policy ?? {});
  const problem =
    wrongFields(given, fields) ??
    requestSchemaProblem(request) ??
    responseSchemaProblem(response) ??
    (checkedTools.error && describeIssues(checkedTools.error, 'tools')) ??
    sourcesProblem(given.minSources, tools) ??
    (policy.error && describeIssues(policy.error, 'policy'));
  if (problem !== undefined || !policy.data) throw invalid(`definePipeline("${name}"): ${problem}`);
  const { enrich = withoutEnrichment, postProcess = asAnswered } = given;
  if (postProcess === asAnswered) policy.data.postProcess.deterministic = true;
  const pipeline = { ...given, enrich, postProcess, tools, policy: policy.data } as unknown as Pipeline;
  return Object.defineProperty(pipeline, mark, { value: true });
}

function sourcesProblem(minSources: number | undefined, tools: WebSearchTool[]): string | undefined {
  if (minSources === undefined) return undefined;
  if (!Number.isInteger(minSources) || minSources < 1) return 'minSources must be a whole number, 1 or more';
  return tools.length > 0
    ? undefined
    : 'minSources needs a tool that finds some: add { type: "web_search" } to tools';
}

/** The same for every copy of Headway in a process: a pipeline from elsewhere may have been made with its own. */
const mark = Symbol.for('headway.pipeline');

/** Whether `definePipeline` made it. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && mark in value;
}

/** Lower-case words joined by hyphens. */
export function isPipelineName(name: unknown): boolean {
  return typeof name === 'string' && /^[a-z][a-z0-9-]{0,63}$/.test(name);
}

function invalid(problem: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', problem);
}

function withoutEnrichment(): null {
  return null;
}

function asAnswered(answer: unknown): unknown {
  return answer;
}
