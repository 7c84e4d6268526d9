import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from '../runtime/project-root';
import type { CliContext } from './context';
import type { HeadwayCommand } from './headway-command';

/** Makes a command of `headway`: one file in cli/commands/ for each. */
export type MakeCommand = (context: CliContext) => HeadwayCommand;

/** The whole command line. It throws CommanderError instead of exiting; `runCli` knows what to do with it. */
export function createProgram(context: CliContext, commands: readonly HeadwayCommand[]): Command {
  const program = new Command('headway')
    .usage('<command> [options]')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    // `runCli` makes `audit --help` of `help audit`; what commander has for it takes any word.
    .helpCommand(false)
    // They are named below the commands, so that the page fits a screen.
    .configureHelp({ visibleOptions: () => [], subcommandTerm: (command) => command.name() })
    .addHelpText('after', afterHelp);
  for (const command of commands) {
    command.helpOption('-h, --help', 'print this help').addHelpText('after', command.footer());
    program.addCommand(command, { hidden: command.aside });
  }
  for (const command of [program, ...commands]) {
    const hint =
      command === program
        ? '`headway --help` lists the commands.'
        : `Usage: ${command.createHelp().commandUsage(command)}`;
    command.exitOverride().configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(`${text.replace(/^error: /, 'headway: ')}${hint}\n`),
      getOutHelpWidth: () => context.stdout.columns ?? 80,
      getErrHelpWidth: () => context.stderr.columns ?? 80,
    });
  }
  return program;
}

const afterHelp = `
\`headway <command> --help\` has options and an example; --version the version.
Addresses, topics, keys: from the environment, else the running local stack.
Exit codes: 0 fine, 1 bad finding, 2 wrong usage or configuration, 3 failed.`;

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
