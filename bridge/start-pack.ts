import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { ApplicationFailure, type SearchAttributePair } from '@temporalio/common';
import { workflowTaskTimeout } from '../contracts/large-jobs';
import { packMemoSchema, type PackInput, type PackJob, type PackMemo } from '../contracts/pack';
import { statusAtStart } from '../contracts/scheduled';
import { searchAttributes as attributes } from '../contracts/search-attributes';
import { taskPriority } from '../contracts/task-priority';
import { PROCESS_PACK } from '../contracts/workflow-names';
import type { Pipeline } from '../pipelines/define-pipeline';
import { requireEncryption } from '../runtime/payload-keys/require-keys';

/** Longest wait for the server's answer to one request. A frozen server must not hold the bridge for ever. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface PackToStart {
  workflowId: string;
  jobs: PackJob[];
  /** Where the pack ends in its partition, and what partition that is. Absent at the HTTP door. */
  range?: { partition: string; firstOffset: bigint; lastOffset: bigint };
}

export type StartedPack =
  | { kind: 'started'; runId: string }
  /** The id is taken: this record is in a workflow already, which ends at `lastOffset` of its partition. */
  | { kind: 'exists'; lastOffset?: bigint };

/** Somebody else has taken the id that only a pack should have. */
export class ForeignWorkflow extends Error {}

export interface PackStarterOptions {
  client: Client;
  taskQueue: string;
  llmTaskQueue: string;
  pipelineNamed: (name: string) => Pipeline;
  /** Milliseconds, 10,000 unless somebody waits who has less patience. */
  requestTimeoutMs?: number;
}

export type StartPack = (pack: PackToStart) => Promise<StartedPack>;

/**
 * Starts packs. When the promise resolves the jobs are durable, in a workflow of this or of an earlier call. No workflow ever
 * gets an execution timeout: it would end the jobs without a result.
 *
 * The promise rejects with the error of the Temporal client while the server does not take the pack; starting it again is safe.
 */
export function createPackStarter({
  client,
  taskQueue,
  llmTaskQueue,
  pipelineNamed,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
}: PackStarterOptions): StartPack {
  const withDeadline = <T>(request: () => Promise<T>) =>
    client.withDeadline(Date.now() + requestTimeoutMs, request);

  return async (pack) => {
    const { workflowId, range } = pack;
    requireEncryption(client, Object.values(policiesOf(pack, pipelineNamed)));
    const options = packStartOptions(pack, { taskQueue, llmTaskQueue, pipelineNamed });
    try {
      const { firstExecutionRunId: runId } = await withDeadline(() =>
        client.workflow.start(PROCESS_PACK, options),
      );
      return { kind: 'started', runId };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw unwrapped(error);
    }
    if (!range) return { kind: 'exists' };
    const { memo: found } = await withDeadline(() => client.workflow.getHandle(workflowId).describe());
    const memo = packMemoSchema.safeParse(found);
    if (!memo.success)
      throw new ForeignWorkflow(`there is a workflow ${workflowId} already, which is no pack`);
    return { kind: 'exists', lastOffset: BigInt(memo.data.lastOffset) };
  };
}

/** What Temporal is asked for to start a pack. */
export function packStartOptions(
  pack: PackToStart,
  { taskQueue, llmTaskQueue, pipelineNamed }: Omit<PackStarterOptions, 'client' | 'requestTimeoutMs'>,
) {
  const { workflowId, jobs, range } = pack;
  const input = packInput(pack, { llmTaskQueue, pipelineNamed });
  const memo: PackMemo | undefined = range && { lastOffset: String(range.lastOffset) };
  return {
    workflowId,
    taskQueue,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    memo,
    typedSearchAttributes: attributesOf(pack),
    staticSummary: summaryOf(pack),
    priority: taskPriority(jobs),
    // A large job is alone in its pack.
    workflowTaskTimeout: jobs.length === 1 ? workflowTaskTimeout(jobs) : undefined,
  } satisfies WorkflowStartOptions;
}

/** The argument of the workflow. */
export function packInput(
  pack: Pick<PackToStart, 'jobs'>,
  { llmTaskQueue, pipelineNamed }: Pick<PackStarterOptions, 'llmTaskQueue' | 'pipelineNamed'>,
): PackInput {
  return { jobs: pack.jobs, policies: policiesOf(pack, pipelineNamed), llmTaskQueue };
}

function policiesOf(
  { jobs }: Pick<PackToStart, 'jobs'>,
  pipelineNamed: PackStarterOptions['pipelineNamed'],
): PackInput['policies'] {
  return Object.fromEntries(jobs.map(({ pipeline }) => [pipeline, pipelineNamed(pipeline).policy]));
}

function attributesOf({ jobs, range }: PackToStart): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [
    { key: attributes.jobIds, value: jobs.map((job) => job.id) },
    { key: attributes.pipelines, value: distinct(jobs.map((job) => job.pipeline)) },
    { key: attributes.status, value: statusAtStart(jobs, Date.now()) },
    { key: attributes.jobCount, value: jobs.length },
  ];
  const tenants = distinct(jobs.flatMap((job) => job.tenant ?? []));
  if (tenants.length > 0) pairs.push({ key: attributes.tenants, value: tenants });
  if (range) {
    pairs.push(
      { key: attributes.partition, value: range.partition },
      { key: attributes.firstOffset, value: Number(range.firstOffset) },
      { key: attributes.lastOffset, value: Number(range.lastOffset) },
    );
  }
  return pairs;
}

function summaryOf({ jobs, range }: PackToStart): string {
  const what = jobs.length === 1 ? `job ${jobs[0]?.id}` : `${jobs.length} jobs`;
  const from = range ? ` · ${range.partition} offsets ${range.firstOffset}-${range.lastOffset}` : '';
  return shortened(`${what} · ${distinct(jobs.map((job) => job.pipeline)).join(', ')}${from}`);
}

/** As JSON. Newer servers refuse a workflow whose summary has more than 400 bytes, its encoding included (`limit.userMetadataSummarySize`). */
const SUMMARY_MAX_BYTES = 350;

function shortened(text: string): string {
  const characters = [...text];
  let kept = text;
  while (Buffer.byteLength(JSON.stringify(kept)) > SUMMARY_MAX_BYTES) {
    characters.splice(Math.floor(characters.length * 0.9));
    kept = `${characters.join('')}…`;
  }
  return kept;
}

/** The client reports trouble of the payload store as an unexpected error of gRPC, and hides what it says. */
function unwrapped(error: unknown): unknown {
  const { cause } = error as { cause?: unknown };
  return cause instanceof ApplicationFailure ? cause : error;
}

function distinct(values: string[]): string[] {
  return [...new Set(values)];
}
