#!/usr/bin/env node
import { HeadwayError } from '../contracts/errors';
import { explain } from '../runtime/run-main';
import { help, readArguments } from './arguments';
import { describeStack } from './describe-stack';
import { interruption } from './interruption';
import { createProgressPrinter } from './progress-printer';
import { startStack } from './start-stack';
import type { Stack } from './types';

/** Returns the exit status. */
async function main(): Promise<number> {
  const { help: wantsHelp, ...options } = readArguments(process.argv.slice(2));
  if (wantsHelp) {
    process.stdout.write(help);
    return 0;
  }
  const interrupted = interruption();
  const printer = createProgressPrinter(process.stderr);
  try {
    const stack = await startStack({
      ...options,
      signal: interrupted.signal,
      onProgress: printer.onProgress,
    });
    printer.close();
    process.stdout.write(describeStack(stack));
    await runsUntil(stack, interrupted.signal);
    console.error('Stopping ...');
    await stack.stop();
  } catch (error) {
    printer.close();
    if (!interrupted.signal.aborted) throw error;
  }
  console.error('Stopped.');
  return interrupted.exitCode();
}

/** Resolves at a signal. Throws HW_STACK_FAILED when a server ends by itself; everything else is stopped then. */
async function runsUntil(stack: Stack, signal: AbortSignal): Promise<void> {
  stack.onServerRestart(({ name, reason }) => console.error(`${name} was restarted: ${reason}.`));
  const end = await new Promise<string | undefined>((resolve) => {
    stack.onServerEnd(({ name, logFile }) => resolve(`${name} ended by itself; see ${logFile}.`));
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  if (end === undefined) return;
  await stack.stop();
  throw new HeadwayError('HW_STACK_FAILED', end);
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    console.error(explain('stack', error));
    process.exit(1);
  },
);
