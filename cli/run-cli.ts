import { CommanderError } from 'commander';
import { redact } from '../runtime/redact';
import { explain } from '../runtime/run-main';
import type { CliContext } from './context';
import { exitCodeOf } from './exit-code-of';
import { exitCodes } from './exit-codes';
import { Interrupted } from './interrupted';
import { printable } from './printable';
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
  makers: readonly MakeCommand[],
): Promise<number> {
  const interrupted = whenInterrupted(context.signal);
  try {
    const exitCode = await Promise.race([runCommand(args, context, makers), interrupted.late]);
    return interrupted.exitCode() ?? exitCode;
  } finally {
    interrupted.forget();
  }
}

async function runCommand(
  args: string[],
  context: CliContext,
  makers: readonly MakeCommand[],
): Promise<number> {
  try {
    const commands = makers.map((make) => make(context));
    const names = commands.map((command) => command.name());
    await createProgram(context, commands).parseAsync(readHelp(args, names), { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // Commander has written its own sentence already; asking for help or the version is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (context.signal.aborted) return exitCodes.interrupted;
    context.stderr.write(`${printable(redact(explain('headway', error, context.env)))}\n`);
    const exitCode = exitCodeOf(error);
    return exitCode === exitCodes.usage && context.exitCode !== exitCodes.ok ? context.exitCode : exitCode;
  }
}

/** A command that has been told to stop has so long to tell what it did: a server that does not answer must not hold it. */
const STOP_WITHIN_MS = 8_000;

function whenInterrupted(signal: AbortSignal) {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  const late = new Promise<number>((resolve) => {
    onAbort = () => (timer = setTimeout(() => resolve(exitCodes.interrupted), STOP_WITHIN_MS));
  });
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  return {
    late,
    exitCode(): number | undefined {
      if (!signal.aborted) return undefined;
      return signal.reason instanceof Interrupted ? signal.reason.exitCode : exitCodes.interrupted;
    },
    forget(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

/** `help audit` is `audit --help`. A command that does not exist has no help, and is told of as such. */
function readHelp(args: string[], names: string[]): string[] {
  const [first, second] = args;
  if (first === 'help') return second === undefined ? ['--help'] : readHelp([second, '--help'], names);
  if (first !== undefined && !first.startsWith('-') && !names.includes(first)) return [first];
  return args;
}
