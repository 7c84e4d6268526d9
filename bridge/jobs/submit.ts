import { createHash, randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import type { JobRequest } from '../../contracts/job-request';
import type { PackJob } from '../../contracts/pack';
import { checkJob, type JobRules } from '../check-job';
import type { JobIdLedger } from '../job-id-ledger';
import { readCarriedJobs } from '../read-carried-jobs';
import type { StartPack } from '../start-pack';
import type { SubmitOptions } from './jobs';
import { REQUEST_MS, reachable } from './reachable';

export interface SubmitDependencies {
  client: Client;
  rules: JobRules;
  startPack: StartPack;
  ledger?: JobIdLedger;
}

/** `runId` is absent when the job was there before. */
export type Submitted = { job: PackJob; runId?: string };

/** Starts jobs as packs of one, whose workflow id is the job id: that makes a repeated request the same job. */
export function createSubmit({ client, rules, startPack, ledger }: SubmitDependencies) {
  return async (
    request: JobRequest,
    tenant: string | undefined,
    { idempotencyKey, traceparent, tracestate }: SubmitOptions,
  ): Promise<Submitted> => {
    if (request.id !== undefined && idempotencyKey !== undefined) {
      const message = 'Idempotency-Key: the request has an id, which does the same; send one of them';
      throw new HeadwayError('HW_JOB_INVALID', message);
    }
    const id =
      idempotencyKey === undefined ? randomUUID() : idFromKey(tenant ?? request.tenant, idempotencyKey);
    const source = { door: 'http', timestamp: Date.now() } as const;
    const job = checkJob(request, { id, tenant, source, traceparent, tracestate }, rules);
    const taken = () => new HeadwayError('HW_JOB_ID_TAKEN', takenMessage(request, idempotencyKey));
    if (ledger) {
      const { duplicates } = await claim(ledger, job);
      if (duplicates.length > 0) throw taken();
    }
    const started = await reachable(client, REQUEST_MS, () => startPack({ workflowId: job.id, jobs: [job] }));
    if (started.kind === 'started') return { job, runId: started.runId };
    const [there] =
      (await reachable(client, REQUEST_MS, () => readCarriedJobs(client, { id: job.id }))) ?? [];
    if (there?.source.door !== 'http' || hashOf(there) !== hashOf(job)) throw taken();
    return { job: there };
  };
}

async function claim(ledger: JobIdLedger, job: PackJob) {
  try {
    return await ledger.claim([job]);
  } catch (error) {
    const message = 'The ledger of job ids (DATABASE_URL) does not answer.';
    throw new HeadwayError('HW_SERVER_UNREACHABLE', message, { cause: error });
  }
}

function takenMessage({ id }: JobRequest, idempotencyKey?: string): string {
  return id === undefined && idempotencyKey !== undefined
    ? 'Idempotency-Key: was used before for another request'
    : `id: "${id}" belongs to another request`;
}

/** Keys of two tenants never meet. Released: a repeated request is recognised by it. */
function idFromKey(tenant: string | undefined, key: string): string {
  return `key-${sha256(JSON.stringify([tenant ?? null, key])).slice(0, 40)}`;
}

/** Of what was asked for, in whatever order its fields are. */
function hashOf({ source: _source, traceparent: _parent, tracestate: _state, ...request }: PackJob): string {
  return sha256(JSON.stringify(sorted(request)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
