import { HeadwayError } from '../../contracts/errors';
import { traceHeaders } from '../../contracts/headers';
import { jobIdOf } from '../../contracts/ids';
import { jobLimits } from '../../contracts/limits';
import type { PackJob } from '../../contracts/pack';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { checkJob } from '../check-job';
import { readCloudEvent, type CloudEvent } from './cloud-event';
import { headerText, type QueueRecord } from './queue-record';
import { readJson } from './read-json';
import { reasonForLog } from './reason-for-log';

/** What a Date can hold, either side of 1970. https://tc39.es/ecma262/#sec-time-values-and-time-range */
const TIMESTAMP_MAX = 8.64e15;

/**
 * The job a record asks for: its value is the request, or a CloudEvent with the request in its data.
 *
 * @throws HeadwayError saying what keeps the record from being one, naming the field: `HW_RECORD_*`, `HW_CLOUD_EVENT_INVALID`,
 * `HW_JOB_INVALID`, `HW_PIPELINE_UNKNOWN`
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
  const { event, request } = readRequest(record, pipelineNamed);
  return checkJob(
    request,
    {
      id: event?.jobId ?? jobIdOf({ topic, partition, offset, timestamp }),
      source: { door: 'kafka', topic, partition, offset, timestamp },
      ...traceOf(record, event),
    },
    { pipelineNamed, queueTopic: topic, limits },
  );
}

function readRequest(record: QueueRecord, pipelineNamed: (name: string) => Pipeline) {
  try {
    const event = readCloudEvent(record);
    return { event, request: event ? event.request : readJson(record.value) };
  } catch (error) {
    throw reasonForLog(error, record.value, pipelineNamed);
  }
}

/**
 * The record's headers say who sent it, and go before the event's extension, which says who made it. Trace context that does not follow
 * the standard is dropped, as the standard asks.
 */
function traceOf({ headers }: QueueRecord, event?: CloudEvent): Pick<PackJob, 'traceparent' | 'tracestate'> {
  const own = headerText(headers, traceHeaders.traceparent);
  const { traceparent, tracestate } =
    own === undefined && event
      ? event
      : { traceparent: own, tracestate: headerText(headers, traceHeaders.tracestate) };
  if (traceparent === undefined || !/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparent))
    return {};
  return {
    traceparent,
    tracestate: tracestate && /^[ -~]{1,512}$/.test(tracestate) ? tracestate : undefined,
  };
}
