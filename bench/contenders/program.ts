import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';
import type { Consumer } from './contender';

export interface Program {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** The line that says it consumes. Default: `ready`. */
  ready?: RegExp;
  /** Default: 60 s. */
  readyTimeoutMs?: number;
}

/** `bench/strategies/<name>.ts` as a program. */
export function strategy(name: string, env: Record<string, string>): Program {
  return {
    command: process.execPath,
    args: [join(projectRoot(), 'dist', 'bench', 'strategies', `${name}.js`)],
    env,
  };
}

/**
 * Starts a program as a consumer. Its standard input is a pipe: it closes when this process goes, however that happens.
 * @throws Error with the end of its output when it ends, or says nothing for too long, instead of being ready; it does not run any more then
 */
export async function startProgram(name: string, program: Program): Promise<Consumer> {
  const listeners: ((how: string) => void)[] = [];
  const tellEnd = (how: string) => listeners.forEach((listener) => listener(how));
  let current = run(program, tellEnd);
  await current.ready;
  // Starts and stops come one after the other, so that there are never two of it. A kill waits for nothing.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    pids: () => (current.child.pid === undefined || current.gone() ? {} : { [name]: current.child.pid }),
    kill: () => current.end('SIGKILL'),
    startAgain: () =>
      inTurn(async () => {
        if (!current.gone()) return;
        const next = (current = run(program, tellEnd));
        await next.ready.catch((error: unknown) => {
          if (!next.wasEnded()) throw error;
        });
      }),
    stop: () => inTurn(() => current.end('SIGTERM')),
    onEndedByItself: (listener) => void listeners.push(listener),
  };
}

const KEPT_OUTPUT = 4_000;
const STOP_MS = 10_000;

/** A process, from its start on; `ready` rejects when it ends before it consumes, and then it is gone. */
function run(program: Program, tellEnd: (how: string) => void) {
  const child = spawn(program.command, program.args, {
    env: { ...process.env, ...program.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  let said = '';
  let isReady = false;
  let wasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = (how: string) => {
      resolve();
      if (isReady && !wasEnded) tellEnd(`${how}: ${lastLines(said)}`);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(`ended with ${signal ?? code}`));
  });
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals) => {
    wasEnded = true;
    if (!gone()) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  const keep = (text: string) => (said = (said + text).slice(-KEPT_OUTPUT));
  child.stderr.setEncoding('utf8').on('data', keep);
  const ready = saysReady(child, program, keep, ended).then(
    () => void (isReady = true),
    async (error: unknown) => {
      if (!gone()) child.kill('SIGKILL');
      await ended;
      throw new Error(`${(error as Error).message}: ${lastLines(said)}`, { cause: error });
    },
  );
  ready.catch(() => {});
  return { child, gone, end, ready, wasEnded: () => wasEnded };
}

async function saysReady(
  child: ChildProcess,
  { ready = /^ready$/m, readyTimeoutMs = 60_000 }: Program,
  keep: (text: string) => void,
  ended: Promise<void>,
): Promise<void> {
  let output = '';
  let isReady = false;
  const timeout = AbortSignal.timeout(readyTimeoutMs);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      keep(text);
      if (isReady) return;
      output += text;
      isReady = ready.test(output);
      if (isReady) resolve();
    });
    void ended.then(() => reject(new Error('it ended before it was ready')));
    timeout.addEventListener('abort', () =>
      reject(new Error(`it was not ready within ${readyTimeoutMs / 1_000} s`)),
    );
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ').slice(-600) || 'it wrote nothing';
}
