import { exitCodes } from './exit-codes';

const byCause = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

/** Why a command was told to stop: the reason of its signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** The status to exit with, whatever else the command would have ended with. */
  readonly exitCode: number;

  constructor(cause: keyof typeof byCause) {
    super(`Interrupted by ${cause}.`);
    this.exitCode = byCause[cause];
  }
}
