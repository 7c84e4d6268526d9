import { randomUUID } from 'node:crypto';
import { readRecord } from '../../bridge/kafka/read-record';
import { HeadwayError } from '../../contracts/errors';
import type { JobRequest } from '../../contracts/job-request';
import { jobLimits } from '../../contracts/limits';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { RawRequest } from './read-requests';

/** A job request that the doors take. */
export interface CheckedRequest {
  number: number;
  place: string;
  id: string;
  /** The request as JSON, with its id. */
  json: string;
}

export interface CheckRequestOptions {
  pipelineNamed: (name: string) => Pipeline;
  queueTopic: string;
  /** Whether there is a payload store, and so room for large jobs. */
  payloadStore: boolean;
  /** Whether the door may have pipelines that are not installed here: their jobs are sent, and it decides. */
  doorHasOthers: boolean;
}

export type CheckRequest = (raw: RawRequest) => CheckedRequest;

/**
 * Looks at requests one after the other as the bridge will look at them, so that what is sent is not answered with a dead letter. One without an id
 * gets one, by which its result is found. Of a stream without end the last 100,000 ids are remembered.
 *
 * @returns throws HeadwayError naming the line and the field; also for an id that an earlier one of them has
 */
export function createCheckRequest({
  pipelineNamed,
  queueTopic,
  payloadStore,
  doorHasOthers,
}: CheckRequestOptions): CheckRequest {
  const limits = jobLimits(payloadStore);
  const places = createRecentPlaces();
  return ({ number, place, bytes }) => {
    const request = readRequest(place, bytes);
    const id = request.id ?? randomUUID();
    const before = places.get(id);
    if (before !== undefined) {
      throw new HeadwayError('HW_JOB_INVALID', `${place}: id: ${before} has the id ${id} too`);
    }
    if (request.id !== undefined) places.set(id, place);
    return { number, place, id, json: JSON.stringify({ ...request, id }) };
  };

  function readRequest(place: string, value: Buffer): JobRequest {
    const record = {
      topic: queueTopic,
      partition: 0,
      offset: 0n,
      timestamp: Date.now(),
      key: null,
      value,
      headers: {},
    };
    try {
      readRecord(record, pipelineNamed, limits);
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
      // Comes after all that is wrong with the envelope.
      if (doorHasOthers && error.code === 'HW_PIPELINE_UNKNOWN') return parsed(value);
      const message = error.message.startsWith('the record value')
        ? error.message.replace('the record value', place)
        : `${place}: ${error.message}`;
      throw new HeadwayError(error.code, message, { cause: error });
    }
    return parsed(value);
  }
}

function parsed(value: Buffer): JobRequest {
  return JSON.parse(value.toString()) as JobRequest;
}

/** Where ids were seen, the newest of them. */
function createRecentPlaces(remembered = 100_000) {
  const places = new Map<string, string>();
  return {
    get: (id: string) => places.get(id),
    set(id: string, place: string): void {
      places.set(id, place);
      if (places.size <= remembered) return;
      const [oldest] = places.keys();
      if (oldest !== undefined) places.delete(oldest);
    },
  };
}
