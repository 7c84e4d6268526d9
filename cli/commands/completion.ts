import { Argument } from 'commander';
import { completionScript, shells, type Shell } from '../completion';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';

/** `headway completion`: a script for the shell. */
export function completionCommand(context: CliContext): HeadwayCommand {
  const command = new HeadwayCommand('completion')
    .description('print a completion script for bash, zsh or fish')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .withExample('headway completion bash >> ~/.bashrc')
    .action((shell: Shell) => {
      if (command.parent) context.stdout.write(completionScript(command.parent, shell));
    });
  return command;
}
