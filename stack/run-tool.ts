import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { HeadwayError } from '../contracts/errors';
import type { Leash } from './leash';
import { signalGroup } from './process-group';

export interface RunToolOptions {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  leash?: Leash;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
}

const tailLines = 8;

/**
 * Runs a program to its end, in its own process group, and returns its output.
 * Throws HW_STACK_FAILED with the end of its output when it fails, or the reason of `signal`; nothing of it runs any more then.
 */
export async function runTool(options: RunToolOptions): Promise<string> {
  const { command, args, env, cwd, leash, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { pid } = child;
  if (pid !== undefined) leash?.add(pid);

  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (coloured) => {
      const line = stripVTControlCharacters(coloured).trimEnd();
      lines.push(line);
      if (/\w/.test(line)) options.onLine?.(line.trim());
    });
  }
  let killTimer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    if (pid === undefined) return;
    signalGroup(pid, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(pid, 'SIGKILL'), 3_000);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    if (exitCode === 0) return lines.join('\n');
  } catch (error) {
    signal?.throwIfAborted();
    throw new HeadwayError('HW_STACK_FAILED', `Could not run ${command}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(killTimer);
    if (pid !== undefined) {
      signalGroup(pid, 'SIGKILL');
      leash?.remove(pid);
    }
  }
  const tail = lines.slice(-tailLines).join('\n');
  throw new HeadwayError('HW_STACK_FAILED', `${command} ${args[0] ?? ''} failed:\n${tail}`);
}
