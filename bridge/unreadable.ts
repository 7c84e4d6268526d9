import { ServiceError } from '@temporalio/client';
import { ApplicationFailure, ExternalStorageNotConfiguredError, ValueError } from '@temporalio/common';
import { HeadwayError, messageOf } from '../contracts/errors';

/**
 * What to throw for an error of the client that read something of a workflow: `HW_PAYLOAD_UNREADABLE` where it lies in a payload store that is
 * away or not known here, otherwise the error itself. The client fetches payloads as a part of its request, and hides what went wrong with that in an
 * unexpected error of gRPC.
 */
export function unreadable(error: unknown, workflowId: string): unknown {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!fromPayloadStore.some((kind) => cause instanceof kind)) return error;
  const reason =
    cause instanceof ExternalStorageNotConfiguredError ? 'PAYLOAD_STORE is not set here' : messageOf(cause);
  const message = `what Temporal holds of workflow ${workflowId} cannot be read: ${reason}`;
  return new HeadwayError('HW_PAYLOAD_UNREADABLE', message, { cause: error });
}

/** What our driver throws, what the client throws without one, and what it throws for a driver of another name. */
const fromPayloadStore = [ApplicationFailure, ExternalStorageNotConfiguredError, ValueError];
