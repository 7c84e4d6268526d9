import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface Child {
  process: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Everything written so far. */
  stdout: () => string;
  stderr: () => string;
  /** Resolves once standard output holds the text; rejects when the process ends without it. */
  says(text: string): Promise<void>;
  /** The exit status, or the name of the signal that ended the process. */
  ended: Promise<number | NodeJS.Signals>;
}

const hook = join(__dirname, 'typescript-hook.cjs');
const alive = new Set<Child>();

/** Runs a TypeScript program as a process of its own. `program` is relative to test/. */
export function startChild(program: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, ['-r', hook, join(__dirname, '..', program), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.on('close', (code, signal) => {
      alive.delete(handle);
      resolve(code ?? signal ?? -1);
    }),
  );
  const handle: Child = {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (stdout.includes(text)) resolve();
        };
        child.stdout.on('data', look);
        look();
        void ended.then((end) =>
          reject(new Error(`ended (${end}) without "${text}":\n${stdout}\n${stderr}`)),
        );
      }),
  };
  alive.add(handle);
  return handle;
}

/** For `afterEach`: no process of a test outlives it. */
export async function killChildren(): Promise<void> {
  await Promise.all(
    [...alive].map((child) => {
      child.process.kill('SIGKILL');
      return child.ended;
    }),
  );
}
