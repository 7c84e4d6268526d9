import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../runtime/project-root';

/** Keeps a list of our process groups in a second process, which ends them if this one dies. */
export interface Leash {
  readonly pid: number | undefined;
  add(pid: number): void;
  remove(pid: number): void;
  /** Lets the second process end. Groups still on the list are ended by it. */
  release(): void;
}

/** Starts the second process. Needs the compiled `dist/`. */
export function createLeash(): Leash {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', 'stack', 'leash-main.js')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a leash the stack still works; it only loses the protection against a SIGKILL of this process.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    pid: child.pid,
    add: (pid) => void child.stdin.write(`+${pid}\n`),
    remove: (pid) => void child.stdin.write(`-${pid}\n`),
    release: () => void child.stdin.end(),
  };
}
