import { setMaxListeners } from 'node:events';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Counter } from 'prom-client';
import { HIDDEN_MESSAGE } from '../../contracts/confidential';
import { messageOf } from '../../contracts/errors';
import { resultHeaders, traceHeaders } from '../../contracts/headers';
import type { PublishItem, PublishRequest, PublishResponse } from '../../contracts/stages';
import type { Logger } from '../../runtime/logger';
import { createSeldom } from '../../runtime/seldom';
import { within } from '../../runtime/within';
import type { ResultProducer } from './result-producer';

export interface PublishResultDependencies {
  results: ResultProducer;
  jobsFinished?: Counter<'pipeline' | 'status'>;
  logger?: Pick<Logger, 'info' | 'debug' | 'warn'>;
  /** Milliseconds until it has to be said what is published. */
  timeLeftMs?: () => number;
  /** Of the activity, from 1 on. */
  attempt?: () => number;
}

const TELL_EVERY_MS = 10_000;
/** An activity that says in time what became of its records is not repeated as a whole. */
const TO_ANSWER_MS = 500;
/** For a partition that takes nothing at present, once all else is done: who waits keeps a slot of the worker from other packs. */
const FOR_STUCK_MS = 200;
/** Until a refused result is tried again, doubled each time. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

export function createPublishResult(dependencies: PublishResultDependencies) {
  const { results, logger, timeLeftMs = activityTimeLeftMs, attempt = activityAttempt } = dependencies;
  const seldom = createSeldom(TELL_EVERY_MS);
  return {
    /**
     * Publishes results, each keyed by its job id. When it returns, every record not named in the response was acknowledged by all
     * in-sync replicas. Called again with the same items it writes the same bytes again.
     *
     * @throws Error, retryable, while Kafka does not take records, unless `mayFail` lets the response name them; HW_RESULT_TOO_LARGE, retryable, for
     * one that the topic refuses for its size, where `allOrError` says so
     */
    async publishResults({ items, mayFail, allOrError }: PublishRequest): Promise<PublishResponse> {
      const tooLarge: number[] = [];
      const failed: number[] = [];
      let error: unknown;
      const over = timeout(timeLeftMs());
      const impatient = items.map(({ result }) =>
        mayFail !== undefined && results.isStuck(result.id) ? new AbortController() : undefined,
      );
      // While there is time all are waited for, so that none is asked for again that is still under way.
      const sent = items.map(async (item, place) => {
        const value = Buffer.from(JSON.stringify(item.result));
        try {
          const own = impatient[place];
          const signal = own ? AbortSignal.any([over.signal, own.signal]) : over.signal;
          const outcome = await results.send(toRecord(item, value), signal);
          if (outcome === 'acknowledged') return published(item);
        } catch (reason) {
          error ??= reason;
          failed.push(place);
          return;
        }
        tooLarge.push(place);
        logger?.warn(
          { jobId: item.result.id, bytes: value.length },
          'the results topic refuses this result for its size, so it waits; raise max.message.bytes of the topic',
        );
      });
      if (impatient.some(Boolean)) {
        await Promise.all(sent.filter((_, place) => !impatient[place]));
        await within(FOR_STUCK_MS, Promise.all(sent), () => []);
        // One that goes on has sent what waited in it.
        for (const [place, { result }] of items.entries())
          if (results.isStuck(result.id)) impatient[place]?.abort(new Error('its partition does not answer'));
      }
      await Promise.all(sent);
      over.end();
      if (failed.length === 0) {
        if (allOrError && tooLarge.length > 0) throw refused(attempt());
        return { tooLarge };
      }
      const tookNone = failed.length + tooLarge.length === items.length;
      if (!mayFail || (tookNone && mayFail === 'some')) throw error;
      seldom('failed', (times) =>
        logger?.warn(
          { results: failed.length, reason: messageOf(error), times },
          'Kafka does not take some results at present, so they wait',
        ),
      );
      return { tooLarge, failed };
    },
  };

  /** Jobs that came to nothing are told at INFO; thousands a minute that went well are not. */
  function published({ result, confidential }: PublishItem): void {
    const { id, pipeline, status, error, workflow } = result;
    dependencies.jobsFinished?.inc({ pipeline, status });
    const fields = { jobId: id, workflowId: workflow.id, pipeline, status };
    if (!error) logger?.debug(fields, 'job completed');
    else {
      // A defect is somebody's to mend, unlike a refusal of the model.
      const level = error.type === 'HW_INTERNAL' ? 'warn' : 'info';
      const { stage, type: code, message } = error;
      const reason = confidential ? HIDDEN_MESSAGE : message;
      logger?.[level]({ ...fields, stage, code, reason }, 'job ended without output');
    }
  }
}

function toRecord({ result, traceparent, tracestate }: PublishItem, value: Buffer) {
  const headers: Record<string, string> = {
    [resultHeaders.status]: result.status,
    [resultHeaders.pipeline]: result.pipeline,
  };
  if (traceparent) headers[traceHeaders.traceparent] = traceparent;
  if (tracestate) headers[traceHeaders.tracestate] = tracestate;
  return { key: result.id, value, headers };
}

function timeout(ms: number) {
  const controller = new AbortController();
  // Each record listens.
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(new Error(`Kafka did not answer within ${ms} ms`)), ms);
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

function refused(attempt: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'the results topic refuses the result for its size; raise its max.message.bytes',
    type: 'HW_RESULT_TOO_LARGE',
    nextRetryDelay: Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS),
  });
}

function activityAttempt(): number {
  return activityInfo().attempt;
}

function activityTimeLeftMs(): number {
  return activityInfo().startToCloseTimeoutMs - TO_ANSWER_MS;
}
