import { readdirSync, readFileSync } from 'node:fs';

/**
 * Every running process with the given text in its environment or command line: whatever a stack started, also through others.
 * Reads /proc, so it works on Linux only.
 */
export function processesOf(text: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return environment.includes(text) || command.includes(text) ? [{ pid: Number(pid), command }] : [];
      } catch {
        return [];
      }
    })
    .filter(({ pid, command }) => pid !== process.pid && command !== '');
}
