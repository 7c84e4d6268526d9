import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from '../runtime/project-root';
import type { CliContext } from './context';

/** Makes a command of `headway`: one file in cli/commands/ for each. */
export type MakeCommand = (context: CliContext) => Command;

/** The whole command line. It throws CommanderError instead of exiting; `runCli` knows what to do with it. */
export function createProgram(context: CliContext, commands: readonly MakeCommand[]): Command {
  const program = new Command('headway')
    .description('Slow jobs from Kafka, made durable in Temporal.')
    .usage('<command> [options]')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print this help, or that of a command')
    .addHelpText('after', afterHelp);
  for (const make of commands) program.addCommand(make(context));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'headway: ')),
      getOutHelpWidth: () => context.stdout.columns ?? 80,
      getErrHelpWidth: () => context.stderr.columns ?? 80,
    });
  }
  return program;
}

const afterHelp = `
Addresses and topics come from the environment (docs/reference/configuration.md); what is
not set there is that of the running local stack.
Exit codes: 0 fine, 1 the finding is bad, 2 wrong usage or configuration, 3 it failed.`;

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
