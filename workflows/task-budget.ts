import { durablePoint } from './durable-point';
import { oneAtATime } from './one-at-a-time';

/**
 * Bytes of payloads that one workflow task of a pack may send. All of them travel in one gRPC message, of which the server takes 4 MB; a larger
 * one is never taken, and the workflow stands still for ever. The other half is left to the batch that was begun last, and to the
 * names and times around the payloads. https://docs.temporal.io/cloud/limits
 */
export const TASK_MAX_BYTES = 2 * 1024 * 1024;

export interface TaskBudget {
  /** Resolves when a command of so many bytes may follow: at once, or in a new workflow task. In order of the calls. */
  room(bytes: number): Promise<void>;
  /** Counts what the current workflow task will send in any case, such as the result of a local activity. */
  spend(bytes: number): void;
  /** Resolves when something of unknown size may follow: at once, or in a new workflow task. */
  anyRoom(): Promise<void>;
}

/**
 * Counts bytes since the last workflow task this itself asked for, and not since the last there was: how the server cuts a history into tasks is
 * nothing that code which replays may depend on. The price is a needless timer for every 2 MB.
 */
export function taskBudget(newTask: () => Promise<void> = durablePoint): TaskBudget {
  const inTurn = oneAtATime();
  let spent = 0;
  const room = (bytes: number) =>
    inTurn(async () => {
      if (spent > 0 && spent + bytes > TASK_MAX_BYTES) {
        await newTask();
        spent = 0;
      }
      spent += bytes;
    });
  return {
    room,
    spend: (bytes) => {
      spent += bytes;
    },
    anyRoom: async () => {
      if (spent > TASK_MAX_BYTES) await room(0);
    },
  };
}
