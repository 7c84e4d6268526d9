import { ApplicationFailure } from '@temporalio/common';
import { isThrottled } from '../../runtime/temporal';
import { ForeignWorkflow } from '../start-pack';

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;

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
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const codes = [code, cause?.code];
  return codes.includes(INVALID_ARGUMENT) || (codes.includes(RESOURCE_EXHAUSTED) && !isThrottled(error));
}
