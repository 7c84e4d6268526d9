import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadwayError } from '../contracts/errors';
import { isGroupAlive, signalGroup } from './process-group';
import type { ServerContext, ServerHandle } from './types';

export interface ManagedProcessOptions {
  name: string;
  command: string;
  args: readonly string[];
  /** Default: that of the context. */
  env?: NodeJS.ProcessEnv;
  /** Resolves when the server answers, throws while it does not; called again and again until then. */
  ready: () => Promise<unknown>;
  /** Default: 60,000 ms. */
  readyTimeoutMs?: number;
  /** SIGKILL follows SIGTERM after this time. Default: 8,000 ms. */
  killAfterMs?: number;
}

/**
 * Starts a server as the leader of its own process group, so that a Ctrl-C in the terminal reaches only us and we decide
 * the order. Resolves when it answers. Throws HW_STACK_FAILED when it ends or stays silent instead,
 * or the reason of the context's `signal`; it does not run any more then.
 */
export async function startManagedProcess(
  context: ServerContext,
  options: ManagedProcessOptions,
): Promise<ServerHandle> {
  const server = new ManagedProcess(context, options);
  await server.start();
  context.onStarted(server);
  return server;
}

class ManagedProcess implements ServerHandle {
  readonly name: string;
  readonly logFile: string;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private endIsExpected = false;

  constructor(
    private readonly context: ServerContext,
    private readonly options: ManagedProcessOptions,
  ) {
    this.name = options.name;
    this.logFile = join(context.logDir, `${options.name}.log`);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async start(): Promise<void> {
    this.context.signal.throwIfAborted();
    this.spawn();
    try {
      await this.waitUntilReady();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    const leavesItAlive = signal === 'SIGSTOP' || signal === 'SIGCONT';
    if (!leavesItAlive) this.endIsExpected = true;
    signalGroup(pid, signal);
    if (!leavesItAlive) await this.ended;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    this.endIsExpected = true;
    signalGroup(pid, 'SIGTERM');
    // A stopped process (SIGSTOP) would sleep through its SIGTERM.
    signalGroup(pid, 'SIGCONT');
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), this.options.killAfterMs ?? 8_000);
    await this.ended;
    clearTimeout(timer);
  }

  private spawn(): void {
    const { name, logFile } = this;
    const { leash, logDir } = this.context;
    const { command, args, env = this.context.env } = this.options;
    mkdirSync(logDir, { recursive: true });
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, { env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.child = child;
    // Until it is ready, `start` is the one who tells.
    this.endIsExpected = true;
    const pid = child.pid;
    if (pid !== undefined) leash.add(pid);
    this.ended = new Promise((resolve) => {
      const end = (exitCode: number | null, signal: NodeJS.Signals | null) => {
        if (this.child !== child) return;
        this.child = undefined;
        if (pid !== undefined) {
          // Whatever it started itself must not outlive it.
          if (isGroupAlive(pid)) signalGroup(pid, 'SIGKILL');
          leash.remove(pid);
        }
        resolve();
        if (!this.endIsExpected) this.context.onUnexpectedEnd({ name, logFile, exitCode, signal });
      };
      child.once('exit', end);
      child.once('error', () => end(null, null));
    });
  }

  private async waitUntilReady(): Promise<void> {
    const { name, logFile } = this;
    const { signal } = this.context;
    const { ready, readyTimeoutMs = 60_000 } = this.options;
    const deadline = performance.now() + readyTimeoutMs;
    let lastError: unknown;
    const aborted = rejectWhenAborted(signal);
    while (this.child !== undefined) {
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new HeadwayError(
          'HW_STACK_FAILED',
          `${name} did not answer within ${Math.round(readyTimeoutMs / 1000)} s; see ${logFile}.`,
          { cause: lastError },
        );
      }
      try {
        await Promise.race([ready(), this.ended, aborted]);
        if (this.child !== undefined) {
          this.endIsExpected = false;
          return;
        }
      } catch (error) {
        lastError = error;
        await Promise.race([delay(50), this.ended]);
      }
    }
    throw new HeadwayError('HW_STACK_FAILED', `${name} ended while it was starting; see ${logFile}.`, {
      cause: lastError,
    });
  }
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  promise.catch(() => {});
  return promise;
}
