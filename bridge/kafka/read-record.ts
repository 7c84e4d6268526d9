import { HeadwayError } from '../../contracts/errors';
import { traceHeaders } from '../../contracts/headers';
import { jobIdOf } from '../../contracts/ids';
import { jobLimits } from '../../contracts/limits';
import type { PackJob } from '../../contracts/pack';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { checkJob } from '../check-job';
import { headerText, type QueueRecord } from './queue-record';
import { readJson } from './read-json';

/** What a Date can hold, either side of 1970. https://tc39.es/ecma262/#sec-time-values-and-time-range */
const TIMESTAMP_MAX = 8.64e15;

/**
 * The job a record asks for.
 *
 * @throws HeadwayError saying what keeps the record from being one, naming the field: `HW_RECORD_*`, `HW_JOB_INVALID`,
 * `HW_PIPELINE_UNKNOWN`
 */
export function readRecord(
  record: QueueRecord,
  pipelineNamed: (name: string) => Pipeline,
  limits = jobLimits(false),
): PackJob {
  const { topic, partition, timestamp } = record;
  if (!(Math.abs(timestamp) <= TIMESTAMP_MAX)) {
    throw new HeadwayError(
      'HW_JOB_INVALID',
      `the record timestamp ${timestamp} is not a time in milliseconds`,
    );
  }
  const offset = String(record.offset);
  return checkJob(
    readJson(record.value),
    {
      id: jobIdOf({ topic, partition, offset, timestamp }),
      source: { door: 'kafka', topic, partition, offset, timestamp },
      ...traceOf(record),
    },
    { pipelineNamed, queueTopic: topic, limits },
  );
}

/** Trace context that does not follow the standard is dropped, as the standard asks. */
function traceOf({ headers }: QueueRecord): Pick<PackJob, 'traceparent' | 'tracestate'> {
  const traceparent = headerText(headers, traceHeaders.traceparent);
  if (traceparent === undefined || !/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparent))
    return {};
  const tracestate = headerText(headers, traceHeaders.tracestate);
  return {
    traceparent,
    tracestate: tracestate && /^[ -~]{1,512}$/.test(tracestate) ? tracestate : undefined,
  };
}
