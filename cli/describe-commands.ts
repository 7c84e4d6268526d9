import type { Argument, Option } from 'commander';
import type { HeadwayCommand } from './headway-command';

/** The commands as docs/reference/commands.md has them: everything from the program itself. */
export function describeCommands(commands: readonly HeadwayCommand[]): string {
  return commands.map(describe).join('\n\n');
}

function describe(command: HeadwayCommand): string {
  const name = command.name();
  const parts = [
    `### \`headway ${name}\``,
    sentence(command.description()),
    `    headway ${command.createHelp().commandUsage(command)}`,
    table(['argument', 'what it is'], command.registeredArguments.map(argumentRow)),
    table(['option', 'what it does', 'default'], visible(command.options).map(optionRow)),
    `Example: \`${command.example}\``,
    command.badFinding && `Ends with 1 when ${command.badFinding}.`,
  ];
  return parts.filter(Boolean).join('\n\n');
}

function visible(options: readonly Option[]): Option[] {
  return options.filter(({ hidden }) => !hidden);
}

function argumentRow(argument: Argument): string[] {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return [`\`${argument.required ? `<${name}>` : `[${name}]`}\``, argument.description];
}

function optionRow({ flags, description, argChoices, mandatory, defaultValue }: Option): string[] {
  const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
  const fallback: unknown = defaultValue ?? (mandatory ? 'required' : '');
  return [`\`${flags}\``, `${description}${choices}`, String(fallback)];
}

function table(heading: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), `|${'---|'.repeat(heading.length)}`, ...rows.map(line)].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;
}
