import { ApplicationFailure } from '@temporalio/common';
import { isThrottled } from '../../runtime/temporal';
import { ForeignWorkflow } from '../start-pack';

const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

/** What only some partitions need was not there in time. */
export class TakesLong extends Error {
  /**
   * @param ms so long it was waited for
   * @param before why it failed the last time, if it did
   */
  constructor(ms: number, before?: string) {
    super(`no answer within ${ms} ms${before === undefined ? '' : `; the last one was: ${before}`}`);
  }
}

/**
 * Whether a request failed for what was in it, so that packs of other partitions may well get through: the server refused these very
 * arguments, their workflow id is taken by somebody else, or the payload store, which only large ones need, is in
 * trouble. A server that is away is trouble of all.
 */
export function isOwnTrouble(error: unknown): boolean {
  if (error instanceof ApplicationFailure || error instanceof ForeignWorkflow || error instanceof TakesLong)
    return true;
  const codes = codesOf(error);
  return codes.includes(INVALID_ARGUMENT) || (codes.includes(RESOURCE_EXHAUSTED) && !isThrottled(error));
}

/**
 * The same for a look-up of packs, which reads what others wrote: whatever is wrong with that is trouble of the partition it was written for. Only
 * a server that is away, or has too much to do, is trouble of all.
 */
export function isOwnTroubleOfLookUp(error: unknown): boolean {
  const codes = codesOf(error);
  return !codes.includes(UNAVAILABLE) && !codes.includes(DEADLINE_EXCEEDED) && !isThrottled(error);
}

/** gRPC statuses: of the error, or of the one that Temporal's client wrapped. */
function codesOf(error: unknown): unknown[] {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return [code, cause?.code];
}
