import type { LlmCall, LlmHandle, LlmOutcome } from '../../contracts/stages';
import type { TaskPriority } from '../../contracts/task-priority';

/** How calls are made and awaited: in the background of the provider, or held open by this process. */
export interface LlmCalls {
  /**
   * Makes a call, when it is its turn. Returns its handle, or how it ended when the provider did not take it. Rejects only when
   * `signal` is aborted before the call was made, or with a defect.
   */
  start(call: LlmCall, signal?: AbortSignal, turn?: TaskPriority): Promise<LlmHandle | LlmOutcome>;
  /** How a call ended. Rejects only when `signal` is aborted; the call itself goes on then. */
  wait(handle: LlmHandle, signal: AbortSignal, turn?: TaskPriority): Promise<LlmOutcome>;
  /**
   * An outcome of `wait` goes to the workflow. Told once of each, unless it was lost on its way: then it is awaited again. What is only read, since
   * its activity ended before or had no room for it, is not told of.
   */
  settle?(handle: LlmHandle, outcome: LlmOutcome): void;
  /** Stops a call whose answer nobody wants. Never throws. */
  cancel(handle: LlmHandle, turn?: TaskPriority): Promise<void>;
  /** Task queue of this process, when there may be calls that only it can await (`heldOpen`). */
  heldBy?: string;
}
