import type { Counter } from 'prom-client';
import { resultHeaders, traceHeaders } from '../../contracts/headers';
import type { PublishItem, PublishResponse } from '../../contracts/stages';
import type { ResultProducer } from './result-producer';

export interface PublishResultDependencies {
  results: ResultProducer;
  /** Bytes a result may have as a record value. */
  resultMaxBytes: number;
  jobsFinished?: Counter<'pipeline' | 'status'>;
}

export function createPublishResult({ results, resultMaxBytes, jobsFinished }: PublishResultDependencies) {
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
        const accepted =
          value.length <= resultMaxBytes && (await results.send(toRecord(item, value))) === 'acknowledged';
        if (!accepted) tooLarge.push(position);
        else jobsFinished?.inc({ pipeline: item.result.pipeline, status: item.result.status });
      });
      // All are waited for, so that no send is still under way when the activity is tried again.
      const failed = (await Promise.allSettled(sent)).find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      return { tooLarge };
    },
  };
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
