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
# zsh completion of ${name}: eval "$(${name} completion zsh)", or as a file _${name} in a folder of $fpath
_${name}() {
  local -a commands=(
${list.join('\n')}
    ${quoted('help:print the help of a command')}
  )
  local -a options=(${quoted('--help:print this help')} ${quoted('--version:print the version')})
  if (( CURRENT == 2 )); then
    _describe command commands
    _describe -o option options
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
if [[ "$funcstack[1]" == _${name} ]]; then
  _${name} "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _${name} ${name}
fi
`;
}

function zshOption({ names, description, takesValue, choices }: CompletedOption): string[] {
  const text = description.replace(/[[\]:\\]/g, '\\$&');
  const value = !takesValue ? '' : choices.length > 0 ? `: :(${choices.join(' ')})` : ': :_files';
  // Those with a value may be repeatable; offering one again does no harm.
  return names.map((name) => quoted(`${takesValue ? '*' : ''}${name}[${text}]${value}`));
}

function fish(name: string, commands: CompletedCommand[]): string {
  const offer = (condition: string, rest: string) => `complete -c ${name} -n ${quoted(condition)} ${rest}`;
  const first = `__${name}_command ""`;
  const lines = commands.flatMap((command) => {
    const here = `__${name}_command ${command.name}`;
    return [
      offer(first, `-f -a ${command.name} -d ${quoted(command.description)}`),
      offer(`__${name}_command help`, `-f -a ${command.name} -d ${quoted(command.description)}`),
      ...command.options.map((option) => offer(here, fishOption(option))),
      ...(command.choices.length === 0 ? [] : [offer(here, `-f -a ${quoted(command.choices.join(' '))}`)]),
    ];
  });
  return `# fish completion of ${name}: ${name} completion fish | source
function __${name}_command
  set -l words (commandline -opc)
  test "$words[2]" = $argv[1]
end
${offer(first, "-f -a help -d 'print the help of a command'")}
${offer(first, "-l help -d 'print this help'")}
${offer(first, "-l version -d 'print the version'")}
${lines.join('\n')}
`;
}

function fishOption({ names, description, takesValue, choices }: CompletedOption): string {
  const flags = names.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = !takesValue ? '' : choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : ' -r';
  return `${flags.join(' ')}${value} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
