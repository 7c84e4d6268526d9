/** Where a command runs: passed to every command, so that a test can look at what it writes. */
export interface CliContext {
  env: NodeJS.ProcessEnv;
  stdin: Input;
  /** What was asked for: tables, JSON. */
  stdout: Output;
  /** Everything else: progress, warnings, errors. */
  stderr: Output;
  /** Aborted by Ctrl-C: stop in order, soon. */
  signal: AbortSignal;
  /** Status to exit with, one of `exitCodes`. A command sets it when its finding is bad. */
  exitCode: number;
}

export type Input = AsyncIterable<Buffer | string> & { isTTY?: boolean };

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}
