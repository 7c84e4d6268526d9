import { execFileSync } from 'node:child_process';
import { commands } from '../../cli/commands';
import { completionScript, shells, type Shell } from '../../cli/completion';
import { createProgram } from '../../cli/program';
import { createContext } from './support';

const { context } = createContext();
const made = commands.map((make) => make(context));
const program = createProgram(context, made);

test.each(shells)('the script for %s knows every command and every option', (shell: Shell) => {
  const script = completionScript(program, shell);
  for (const command of made) {
    expect(script).toContain(command.name());
    for (const { long } of command.options)
      expect(script).toContain(shell === 'fish' ? long?.slice(2) : long);
  }
});

/** What bash offers for the last word. */
function offered(...words: string[]): string[] {
  const script = `${completionScript(program, 'bash')}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _headway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', 'headway', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

test.each([
  [['re'], ['result', 'retry', 'redrive', 'replay']],
  [['help', 'aud'], ['audit']],
  [['list', '--p'], ['--pipeline']],
  [
    ['list', '--status', 'c'],
    ['completed', 'cancelled'],
  ],
  [
    ['completion', ''],
    ['-h', '--help', ...shells],
  ],
])('bash offers for %p what the command takes', (words, expected) => {
  expect(offered(...words)).toEqual(expected);
});
