import type { Pipeline } from '../pipelines/define-pipeline';
import type { Logger } from './logger';
import type { Shutdown, ShutdownOptions } from './shutdown';

/** What the programs of Headway are told, by their main.ts or by somebody who uses them as a library. */
export interface RunOptions {
  /** Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Besides the shipped ones and those of HEADWAY_PIPELINES. */
  pipelines?: readonly Pipeline[];
  openShutdown: (logger: Logger, options?: ShutdownOptions) => Shutdown;
}
