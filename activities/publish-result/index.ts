import type { Counter } from 'prom-client';
import { HIDDEN_MESSAGE } from '../../contracts/confidential';
import { resultHeaders, traceHeaders } from '../../contracts/headers';
import type { PublishItem, PublishResponse } from '../../contracts/stages';
import type { Logger } from '../../runtime/logger';
import type { ResultProducer } from './result-producer';

export interface PublishResultDependencies {
  results: ResultProducer;
  jobsFinished?: Counter<'pipeline' | 'status'>;
  logger?: Pick<Logger, 'info' | 'debug' | 'warn'>;
}

export function createPublishResult(dependencies: PublishResultDependencies) {
  const { results } = dependencies;
  return {
    /**
     * Publishes results, each keyed by its job id. When it returns, every record not named as too large was acknowledged by all
     * in-sync replicas. Called again with the same items it writes the same bytes again.
     *
     * @throws Error, retryable, while Kafka does not take records
     */
    async publishResults({ items }: { items: PublishItem[] }): Promise<PublishResponse> {
      const tooLarge: number[] = [];
      const sent = items.map(async (item, position) => {
        const value = Buffer.from(JSON.stringify(item.result));
        if ((await results.send(toRecord(item, value))) === 'acknowledged') return published(item);
        tooLarge.push(position);
        dependencies.logger?.warn(
          { jobId: item.result.id, bytes: value.length },
          'the results topic refuses this result for its size, so it waits; raise max.message.bytes of the topic',
        );
      });
      // All are waited for, so that no send is still under way when the activity is tried again.
      const failed = (await Promise.allSettled(sent)).find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      return { tooLarge };
    },
  };

  /** Jobs that came to nothing are told at INFO; thousands a minute that went well are not. */
  function published({ result, confidential }: PublishItem): void {
    const { id, pipeline, status, error, workflow } = result;
    dependencies.jobsFinished?.inc({ pipeline, status });
    const fields = { jobId: id, workflowId: workflow.id, pipeline, status };
    if (!error) dependencies.logger?.debug(fields, 'job completed');
    else {
      // A defect is somebody's to mend, unlike a refusal of the model.
      const level = error.type === 'HW_INTERNAL' ? 'warn' : 'info';
      const { stage, type: code, message } = error;
      const reason = confidential ? HIDDEN_MESSAGE : message;
      dependencies.logger?.[level]({ ...fields, stage, code, reason }, 'job ended without output');
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
