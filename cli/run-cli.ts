import { CommanderError } from 'commander';
import { HeadwayError } from '../contracts/errors';
import { redact } from '../runtime/redact';
import { explain } from '../runtime/run-main';
import type { CliContext } from './context';
import { exitCodes } from './exit-codes';
import { createProgram, type MakeCommand } from './program';

/**
 * Runs one command line. Never throws: whatever goes wrong becomes sentences on standard error.
 *
 * @param args without the program's name
 * @returns the status to exit with, one of `exitCodes`
 */
export async function runCli(
  args: string[],
  context: CliContext,
  commands: readonly MakeCommand[],
): Promise<number> {
  try {
    await createProgram(context, commands).parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // Commander has written its own sentence already; asking for help or the version is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (context.signal.aborted) return exitCodes.interrupted;
    context.stderr.write(`${redact(explain('headway', error, context.env))}\n`);
    const usage = error instanceof HeadwayError && error.code === 'HW_CONFIG_INVALID';
    return usage ? exitCodes.usage : exitCodes.failed;
  }
}
