import type { PrepareContext } from '../../contenders/contender';

/** A Temporal server of the bench, on an empty database of its own. */
export interface RunningEngine {
  /** What makes the stack leave Temporal out, and every process of ours find this one: `TEMPORAL_ADDRESS`. Empty: the stack starts its own. */
  env: Record<string, string>;
  /** What Temporal keeps its state in, with the settings that decide what that costs: for the report. */
  storage: string;
  /** Its processes besides those of the stack. Children of these are found. */
  pids(): { temporal: number[]; database: number[] };
  /** Resolves when nothing of it runs any more. Called after the stack has stopped. */
  stop(): Promise<void>;
}

/** `dataDir` is empty, and deleted afterwards. */
export type StartEngine = (context: PrepareContext & { dataDir: string }) => Promise<RunningEngine>;
