import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shell } from '../../../cli/completion';

export function isInstalled(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

/** What a shell offers for the last word of a command line, after the script of that shell was loaded as its first lines say. */
export const offered: Record<Shell, (script: string, line: string) => string[]> = {
  bash(script, line) {
    const ask = `${script}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _headway; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(execFileSync('bash', ['-c', ask, 'bash', ...line.split(' ')], { encoding: 'utf8' }));
  },
  fish(script, line) {
    const ask = `${script}\ncomplete -C ${JSON.stringify(line)}`;
    const out = execFileSync('fish', ['--no-config', '-c', ask], { encoding: 'utf8' });
    return linesOf(out).map((one) => one.split('\t', 1)[0] ?? '');
  },
  zsh: (script, line) => offeredByZsh(script, line),
};

/** @param load what somebody would write into `.zshrc` */
export function offeredByZsh(load: string, line: string): string[] {
  const terminal = join(__dirname, 'zsh-terminal.zsh');
  const home = mkdtempSync(join(tmpdir(), 'headway-zsh-'));
  try {
    const env = { ...process.env, ZDOTDIR: home };
    const out = execFileSync('zsh', ['-f', terminal, load, line], { encoding: 'utf8', timeout: 30_000, env });
    return [...out.matchAll(/<offer>(.*?)<\/offer>/g)].map(([, word = '']) => word);
  } finally {
    rmSync(home, { recursive: true });
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
