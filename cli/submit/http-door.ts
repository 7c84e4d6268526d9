import { setTimeout as delay } from 'node:timers/promises';
import type { CheckedRequest } from './check-request';
import type { Door, JobEnd, Verdict } from './door';
import { followJobs } from '../follow-jobs';
import { errorOf } from '../format-job';
import { wasNotTaken, type BatchVerdict, type HttpClient } from './http-client';
import { inBatches } from './in-batches';

/** Of one request: small enough that the verdicts are there soon. */
const BATCH = { items: 200, bytes: 1024 * 1024, waitMs: 20 };

/** A line the door could not take just now is sent again so often. */
const ATTEMPTS = 5;
const AGAIN_AFTER_MS = 2_000;

export interface HttpDoorOptions {
  client: HttpClient;
  /** Where the door is. */
  url: string;
  signal: AbortSignal;
  everyMs?: number;
  /** Milliseconds until lines that the door could not take just now are sent again. Default: 2,000. */
  againAfterMs?: number;
}

/**
 * Jobs through the HTTP door, batch by batch. Their ends are asked for at the door, one job after the other: who can reach the door need not be able
 * to reach Kafka.
 */
export function openHttpDoor({
  client,
  url,
  signal,
  everyMs,
  againAfterMs = AGAIN_AFTER_MS,
}: HttpDoorOptions): Door {
  const taken = new Set<string>();
  let more = true;
  return {
    name: url,
    sendingAgain: 'Sending it again with the same id is safe: the door recognises it.',
    async *send(requests) {
      for await (const batch of inBatches(requests, ({ json }) => Buffer.byteLength(json), BATCH)) {
        signal.throwIfAborted();
        const { verdicts, error } = await sendBatch(batch);
        for (const { request, refused, unsure, notSent } of verdicts)
          if (!refused && !unsure && !notSent) taken.add(request.id);
        yield* verdicts;
        if (error) throw error;
      }
      more = false;
    },
    async *ends() {
      const get = (id: string) => client.get(id);
      do {
        for await (const changed of followJobs({ get, ids: taken, signal, everyMs })) {
          for (const { id, view, over } of changed) {
            if (!over) continue;
            taken.delete(id);
            yield {
              id,
              status: view?.status ?? 'unknown',
              result: view?.result,
              message: view && errorOf(view),
            } satisfies JobEnd;
          }
        }
        if (more) await delay(100, undefined, { signal }).catch(() => signal.throwIfAborted());
      } while (more || taken.size > 0);
    },
    close: () => Promise.resolve(),
  };

  async function sendBatch(
    batch: readonly CheckedRequest[],
  ): Promise<{ verdicts: Verdict[]; error?: Error }> {
    const verdicts = new Map<CheckedRequest, BatchVerdict | undefined>();
    const uncertain = new Set<CheckedRequest>();
    let open = batch;
    try {
      for (let attempt = 1; open.length > 0; attempt += 1) {
        const answers = await client.batch(open.map(({ json }) => json));
        for (const [index, request] of open.entries()) {
          const verdict = answers.find(({ line }) => line === index + 1);
          verdicts.set(request, verdict);
          if (verdict === undefined || mayHaveStarted(verdict)) uncertain.add(request);
        }
        open = open.filter((request) => isForNow(verdicts.get(request)));
        if (attempt === ATTEMPTS) break;
        if (open.length > 0)
          await delay(againAfterMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
      return { verdicts: batch.map(told) };
    } catch (error) {
      const notSent = (request: CheckedRequest) => wasNotTaken(error) && !verdicts.has(request);
      return {
        verdicts: batch.map((request) => (notSent(request) ? { request, notSent: true } : told(request))),
        error: error as Error,
      };
    }

    function told(request: CheckedRequest): Verdict {
      const verdict = verdicts.get(request);
      if (isForNow(verdict) && uncertain.has(request)) return { request, unsure: true };
      return toVerdict(request, verdict);
    }
  }
}

/** Without a verdict the door was stopped in between. */
function isForNow(verdict: BatchVerdict | undefined): boolean {
  return verdict === undefined || verdict.status === 429 || verdict.status === 503;
}

/** Temporal went away while the door started it. */
function mayHaveStarted({ status, problem }: BatchVerdict): boolean {
  return status === 503 && problem?.code === 'HW_SERVER_UNREACHABLE' && problem.id !== undefined;
}

function toVerdict(request: CheckedRequest, verdict: BatchVerdict | undefined): Verdict {
  if (!verdict) return { request, unsure: true };
  if (verdict.status < 300) return { request };
  const { code = 'HW_INTERNAL', detail = `the door answered ${verdict.status}` } = verdict.problem ?? {};
  return { request, refused: { code, message: detail } };
}
