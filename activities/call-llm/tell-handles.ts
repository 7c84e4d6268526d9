import { Context } from '@temporalio/activity';
import type { LlmHandle } from '../../contracts/stages';

/**
 * So many calls of a pack may have been made without anybody else knowing their ids, and as many as are made while a heartbeat is on its way. A worker that is
 * killed then has them made again.
 */
const UNTOLD_MAX = 10;
/** And for so long. */
const UNTOLD_MS = 250;

export interface HandleTeller {
  /** A call was made. */
  made(): void;
  /** Tells at once what is untold. */
  tellRest(): void;
  end(): void;
}

/**
 * Heartbeats with the handles of the calls that an activity has made. Each heartbeat is a state transition, and the end of the activity tells
 * everything, so those of several calls go out together.
 *
 * @param handles all that were made so far
 * @param callCount how many calls there will be
 */
export function createHandleTeller(handles: () => LlmHandle[], callCount: number): HandleTeller {
  const context = Context.current();
  let untold = 0;
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    clearTimeout(timer);
    timer = undefined;
    untold = 0;
    context.heartbeat(handles());
  };
  return {
    made() {
      untold += 1;
      if (callCount === 1 || untold >= UNTOLD_MAX) tell();
      else timer ??= setTimeout(tell, UNTOLD_MS);
    },
    tellRest() {
      if (untold > 0) tell();
    },
    end: () => clearTimeout(timer),
  };
}
