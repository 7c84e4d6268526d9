import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../cli/commands';
import { completionScript, shells, type Shell } from '../../cli/completion';
import { createProgram } from '../../cli/program';
import { isInstalled, offered, offeredByZsh } from './shells/offered';
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

/** The same in every shell, whatever the order. */
const cases: [line: string, words: string[]][] = [
  ['headway re', ['redrive', 'replay', 'result', 'retry']],
  ['headway --v', ['--version']],
  ['headway hel', ['help']],
  ['headway help aud', ['audit']],
  ['headway list --p', ['--pipeline']],
  ['headway list --status c', ['cancelled', 'completed']],
  ['headway submit --max', ['--max-cost-usd']],
  ['headway submit --metadata a=b --met', ['--metadata']],
  ['headway submit --via ', ['http', 'kafka']],
  ['headway completion ', [...shells].sort()],
  // A job may have the name of a command.
  ['headway status list --sta', []],
];

describe.each(shells)('%s', (shell) => {
  const offers = (line: string) => offered[shell](completionScript(program, shell), line).sort();
  const here = isInstalled(shell) ? test : test.skip;

  here.each(cases)(
    `${here === test ? '' : 'NOT RUN, it is not installed: '}offers for %p what fits`,
    (line, words) => {
      // Bash has options and values in one list.
      const fitting = offers(line).filter((word) => !line.endsWith(' ') || !word.startsWith('-'));
      expect(fitting).toEqual(words);
    },
  );
});

const whereZshIs = isInstalled('zsh') ? test : test.skip;

whereZshIs('zsh takes the script as a file of its search path, too, and from the first time on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headway-zsh-'));
  try {
    writeFileSync(join(folder, '_headway'), completionScript(program, 'zsh'));
    const load = `fpath=('${folder}' $fpath); autoload -Uz compinit; compinit -D -u`;
    expect(offeredByZsh(load, 'headway aud')).toEqual(['audit']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
