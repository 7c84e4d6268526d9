#!/usr/bin/env node
import { commands } from './commands';
import { isEchoedSignal } from '../runtime/echoed-signal';
import type { CliContext } from './context';
import { exitCodes } from './exit-codes';
import { Interrupted } from './interrupted';
import { runCli } from './run-cli';

const controller = new AbortController();
let firstSignalAt = -Infinity;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    const interrupted = new Interrupted(name);
    if (isEchoedSignal(firstSignalAt)) return;
    // The second one does not wait for anything.
    if (controller.signal.aborted) process.exit(interrupted.exitCode);
    firstSignalAt = performance.now();
    controller.abort(interrupted);
  });
}
/** What these do goes on when nobody reads what they say about it. */
const acts = ['submit', 'cancel', 'retry', 'redrive'].includes(process.argv[2] ?? '');
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED') process.exit(exitCodes.failed);
  // `headway audit | head`: nobody reads on, which is no error.
  if (!acts) process.exit(exitCodes.ok);
});
process.stderr.on('error', () => undefined);

const { stdin, stdout, stderr, env } = process;
const context: CliContext = { env, stdin, stdout, stderr, signal: controller.signal, exitCode: exitCodes.ok };
void runCli(process.argv.slice(2), context, commands).then((exitCode) => {
  // Set rather than exit: what was written to a pipe may still be on its way. Connections that a command
  // left open must not hold the process, though.
  process.exitCode = exitCode;
  stdout.write('', () => process.exit());
});
