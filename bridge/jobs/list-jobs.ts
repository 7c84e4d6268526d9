import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { HeadwayError } from '../../contracts/errors';
import type { JobRun, WorkflowRun } from '../../contracts/job-result';
import type { JobView } from '../../contracts/job-view';
import { searchAttributes as attributes } from '../../contracts/search-attributes';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';
import { createLimit } from '../../runtime/limit';
import { quoted } from '../quoted';
import { readCarriedJobs, readOfWorkflow } from '../read-carried-jobs';
import { askForAll, UNTOUCHED_EVENTS } from './ask-workflow';
import { describe } from './find-job';
import type { JobFilter, JobPage } from './jobs';
import { grpcCode, reachable, REQUEST_MS } from './reachable';
import { endedFromOutside, isEnd, progressInWorkflow, requestView } from './view-job';

/** Workflows looked at for one page, though their jobs may all be filtered out. */
const WORKFLOWS_MAX = 200;
/** A status of gRPC. */
const INVALID_ARGUMENT = 3;
/** Milliseconds after which a page is given out as it is. */
const PAGE_MS = 10_000;
/** Workflows asked at a time: each may have to be replayed by a worker. */
const ASKED_AT_ONCE = 4;

type RawPage = Awaited<ReturnType<Client['workflowService']['listWorkflowExecutions']>>;
type RawExecution = RawPage['executions'][number];

/** What is learned while a page is put together. */
interface Asked {
  /** Task queues whose workers did not answer: one wait for each is enough. */
  silentQueues: Set<string>;
  unanswered: string[];
}

/**
 * A place in the list: the page of so many workflows that visibility gives for `token`, and how many jobs of it were given out. Those are counted
 * anew when the rest is, so it has to be a page of the same size, whatever is asked for by then.
 */
interface Place {
  token: string;
  skip: number;
  size: number;
}

/**
 * Lists jobs, page by page, through Temporal visibility: it finds workflows, and those that carry several jobs are asked for them.
 */
export function createListJobs(client: Client) {
  const limitAsking = createLimit(ASKED_AT_ONCE);

  return async (filter: JobFilter, page: { limit: number; cursor?: string }): Promise<JobPage> => {
    const query = toQuery(filter);
    let place: Place | undefined =
      page.cursor === undefined ? { token: '', skip: 0, size: page.limit } : readCursor(page.cursor);
    const jobs: JobView[] = [];
    const asked: Asked = { silentQueues: new Set(), unanswered: [] };
    const until = Date.now() + PAGE_MS;
    for (let seen = 0; place && jobs.length < page.limit && seen < WORKFLOWS_MAX && Date.now() < until;) {
      const { token, skip }: Place = place;
      const size: number = skip > 0 ? place.size : page.limit;
      const raw = await workflows(query, token, size);
      seen += raw.executions.length;
      const found = (
        await Promise.all(raw.executions.map((one) => limitAsking(() => jobsOf(one, filter, asked))))
      ).flat();
      const taken = found.slice(skip, skip + page.limit - jobs.length);
      jobs.push(...taken);
      const next = Buffer.from(raw.nextPageToken).toString('base64url');
      if (skip + taken.length < found.length) place = { token, skip: skip + taken.length, size };
      else place = next === '' ? undefined : { token: next, skip: 0, size };
    }
    const unanswered = asked.unanswered.length > 0 ? asked.unanswered : undefined;
    return { jobs, cursor: place && writeCursor(place), unanswered };
  };

  async function workflows(query: string, token: string, pageSize: number): Promise<RawPage> {
    try {
      return await reachable(client, REQUEST_MS, () =>
        client.workflowService.listWorkflowExecutions({
          namespace: client.options.namespace,
          query,
          pageSize,
          nextPageToken: Buffer.from(token, 'base64url'),
        }),
      );
    } catch (error) {
      if (token === '' || grpcCode(error) !== INVALID_ARGUMENT) throw error;
      throw invalidCursor();
    }
  }

  async function jobsOf(raw: RawExecution, filter: JobFilter, asked: Asked): Promise<JobView[]> {
    const { id, runId, ids } = identityOf(raw);
    try {
      const views = ids.length === 1 ? [await viewOfOne(raw)] : await viewsOfPack(raw, { id, runId }, asked);
      return views.filter((view) => view !== undefined && matches(view, filter)) as JobView[];
    } catch (error) {
      // One that cannot be read takes no other out of the list.
      if (!(error instanceof HeadwayError) || error.code !== 'HW_PAYLOAD_UNREADABLE') throw error;
      asked.unanswered.push(id);
      return [];
    }
  }

  /** What visibility says is enough, but for what the request had. */
  async function viewOfOne(raw: RawExecution): Promise<JobView | undefined> {
    const { id, runId } = identityOf(raw);
    const status = attribute<string>(raw, attributes.status.name);
    if (status === 'left') return undefined;
    const [job] = (await reachable(client, REQUEST_MS, () => readCarriedJobs(client, { id, runId }))) ?? [];
    if (!job) return undefined;
    const ended = isEnd(status) ? status : hasClosed(raw) ? 'failed' : undefined;
    const waits = job.notBefore !== undefined && Date.parse(job.notBefore) > Date.now();
    return {
      ...requestView(job),
      status: ended ?? (waits || (await isUntouched({ id, runId })) ? 'queued' : 'in_progress'),
      ...timesOf(raw),
      ...(ended ? {} : { completedAt: undefined }),
      run: await numberOfRun(raw),
      workflow: { id, runId },
    };
  }

  async function viewsOfPack(raw: RawExecution, workflow: WorkflowRun, asked: Asked): Promise<JobView[]> {
    // Workers of one version may be there while those of another are not.
    const version = attribute<string>(raw, 'TemporalWorkerDeploymentVersion') ?? '';
    const queue = `${raw.taskQueue} ${version}`;
    const states = asked.silentQueues.has(queue)
      ? undefined
      : await askForAll(client, workflow.id, workflow.runId);
    if (!states) asked.silentQueues.add(queue);
    if (states) {
      return states
        .filter(({ status }) => status !== 'left')
        .map((state) => ({
          ...requestView(state),
          ...(hasClosed(raw) && state.endedAt === undefined
            ? endedFromOutside(workflow.id)
            : progressInWorkflow(state)),
          startedAt: new Date(state.startedAt).toISOString(),
          completedAt: state.endedAt === undefined ? undefined : new Date(state.endedAt).toISOString(),
          run: 1,
          workflow,
        }));
    }
    const status = attribute<string>(raw, attributes.status.name);
    const jobs = (await reachable(client, REQUEST_MS, () => readCarriedJobs(client, workflow))) ?? [];
    const queued = !hasClosed(raw) && (await isUntouched(workflow));
    if (isEnd(status) || !hasClosed(raw)) {
      return jobs.map((job) => ({
        ...requestView(job),
        status: isEnd(status) ? status : queued || status === 'scheduled' ? 'queued' : 'in_progress',
        startedAt: timesOf(raw).startedAt,
        run: 1,
        workflow,
      }));
    }
    asked.unanswered.push(workflow.id);
    return [];
  }

  async function numberOfRun(raw: RawExecution): Promise<number> {
    const payload = raw.memo?.fields?.run;
    return payload ? (await readOfWorkflow<JobRun>(client, payload, identityOf(raw).id)).number : 1;
  }

  /** How long the history of a running workflow is, visibility does not know. */
  async function isUntouched({ id, runId }: { id: string; runId: string }): Promise<boolean> {
    const execution = await describe(client, id, runId);
    return execution !== undefined && execution.historyLength <= UNTOUCHED_EVENTS;
  }
}

function toQuery({ pipeline, tenant, status, since, until }: JobFilter): string {
  const types = [PROCESS_PACK, PROCESS_JOB].map(quoted).join(', ');
  const parts = [`WorkflowType IN (${types})`, `${attributes.status.name} != 'left'`];
  parts.push(`ExecutionStatus != 'ContinuedAsNew'`);
  if (pipeline !== undefined) parts.push(`${attributes.pipelines.name} = ${quoted(pipeline)}`);
  if (tenant !== undefined) parts.push(`${attributes.tenants.name} = ${quoted(tenant)}`);
  if (since !== undefined) parts.push(`StartTime >= '${new Date(since).toISOString()}'`);
  if (until !== undefined) parts.push(`StartTime < '${new Date(until).toISOString()}'`);
  if (status === 'queued' || status === 'in_progress') parts.push(`ExecutionStatus = 'Running'`);
  // A pack that is still running may have jobs that have ended.
  else if (status)
    parts.push(`${attributes.status.name} IN (${quoted(status)}, 'mixed', 'running', 'scheduled')`);
  return parts.join(' AND ');
}

function matches(view: JobView, { pipeline, tenant, status }: JobFilter): boolean {
  if (pipeline !== undefined && view.pipeline !== pipeline) return false;
  if (tenant !== undefined && view.tenant !== tenant) return false;
  return status === undefined || view.status === status;
}

/** With a checksum: a token that was mistyped, the server does not refuse but fails on. */
function writeCursor({ token, skip, size }: Place): string {
  const check = createHash('sha256').update(`${token}:${skip}:${size}`).digest('hex').slice(0, 8);
  return Buffer.from(JSON.stringify({ token, skip, size, check })).toString('base64url');
}

function readCursor(cursor: string): Place {
  try {
    const { token, skip, size } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Place;
    const place = { token, skip, size };
    if (writeCursor(place) === cursor) return place;
  } catch {
    // Said below.
  }
  throw invalidCursor();
}

function invalidCursor(): HeadwayError {
  return new HeadwayError('HW_CURSOR_INVALID', 'cursor: is not one that a page gave');
}

function identityOf(raw: RawExecution) {
  const ids = attribute<string[]>(raw, attributes.jobIds.name) ?? [];
  return { id: raw.execution?.workflowId ?? '', runId: raw.execution?.runId ?? '', ids };
}

function attribute<T>({ searchAttributes }: RawExecution, name: string): T | undefined {
  const payload = searchAttributes?.indexedFields?.[name];
  return payload ? defaultPayloadConverter.fromPayload<T>(payload) : undefined;
}

/** Whether the workflow has ended, however. */
function hasClosed({ closeTime }: RawExecution): boolean {
  return closeTime !== null && closeTime !== undefined;
}

function timesOf({ startTime, closeTime }: RawExecution) {
  const iso = (time?: { seconds?: unknown; nanos?: number | null } | null) =>
    time ? new Date(Number(time.seconds) * 1_000 + (time.nanos ?? 0) / 1e6).toISOString() : undefined;
  return { startedAt: iso(startTime), completedAt: iso(closeTime) };
}
