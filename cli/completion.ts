import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface CompletedOption {
  /** `-h`, `--help` */
  names: string[];
  description: string;
  takesValue: boolean;
  choices: readonly string[];
}

interface CompletedCommand {
  name: string;
  description: string;
  /** What the first argument may be, where that is known. */
  choices: readonly string[];
  options: CompletedOption[];
}

/** The completion script of a program for a shell: every command and option it has, and nothing by hand. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.commands.map(describe);
  return { bash, zsh, fish }[shell](program.name(), commands);
}

function describe(command: Command): CompletedCommand {
  const options = command.createHelp().visibleOptions(command).map(describeOption);
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  return { name: command.name(), description: command.description(), choices, options };
}

function describeOption({
  short,
  long,
  description,
  required,
  optional,
  argChoices,
}: Option): CompletedOption {
  const names = [short, long].filter((name) => name !== undefined);
  return { names, description, takesValue: required || optional, choices: argChoices ?? [] };
}

function bash(name: string, commands: CompletedCommand[]): string {
  const cases = commands.map(({ name, choices, options }) => {
    const values = options.filter(({ takesValue }) => takesValue).map(bashValue);
    const words = [...options.flatMap(({ names }) => names), ...choices].join(' ');
    const before = values.length === 0 ? '' : `case "$before" in\n${values.join('\n')}\n      esac\n      `;
    return `    ${name})\n      ${before}words="${words}" ;;`;
  });
  const names = commands.map((command) => command.name).join(' ');
  return `# bash completion of ${name}: eval "$(${name} completion bash)"
_${name}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} help --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
    help) words="${names}" ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _${name} ${name}
`;
}

/** Where nothing is known about a value, the shell offers files. */
function bashValue({ names, choices }: CompletedOption): string {
  return `        ${names.join('|')}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$word")); return ;;`;
}

function zsh(name: string, commands: CompletedCommand[]): string {
  const list = commands.map((command) => `    ${quoted(`${command.name}:${command.description}`)}`);
  const cases = commands.map(({ name, choices, options }) => {
    const specs = options.flatMap(zshOption);
    const values = choices.length > 0 ? quoted(`1: :(${choices.join(' ')})`) : quoted('*: :_files');
    return `    ${name})\n      _arguments ${[...specs, values].join(' \\\n        ')} ;;`;
  });
  return `#compdef ${name}
# zsh completion of ${name}: eval "$(${name} completion zsh)"
_${name}() {
  local -a commands=(
${list.join('\n')}
    ${quoted('help:print the help of a command')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT -= 1 ))
  case "$command" in
    help) _describe command commands ;;
${cases.join('\n')}
  esac
}
compdef _${name} ${name}
`;
}

function zshOption({ names, description, takesValue, choices }: CompletedOption): string[] {
  const text = description.replace(/[[\]:\\]/g, '\\$&');
  const value = !takesValue ? '' : choices.length > 0 ? `: :(${choices.join(' ')})` : ': :_files';
  return names.map((name) => quoted(`${name}[${text}]${value}`));
}

function fish(name: string, commands: CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.description)}`,
    ...command.options.map((option) => fishOption(name, command.name, option)),
    ...(command.choices.length === 0
      ? []
      : [
          `complete -c ${name} -n '__fish_seen_subcommand_from ${command.name}' -f -a ${quoted(command.choices.join(' '))}`,
        ]),
  ]);
  return `# fish completion of ${name}: ${name} completion fish | source\n${lines.join('\n')}\n`;
}

function fishOption(
  name: string,
  command: string,
  { names, description, takesValue, choices }: CompletedOption,
) {
  const flags = names.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = !takesValue ? '' : choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : ' -r';
  const only = `'__fish_seen_subcommand_from ${command}'`;
  return `complete -c ${name} -n ${only} ${flags.join(' ')}${value} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
