import { setTimeout as delay } from 'node:timers/promises';
import type { HeadwayProcess } from '../../support/processes';

/** One of our processes with somebody who starts it again when it ends, as an orchestrator would. */
export interface KeptProcess {
  name: string;
  /** Resolves when it has logged that it is up, this one or the next that is started. */
  isUp(): Promise<void>;
  /** Resolves when it is gone; it is started again after a second. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** It stays away after its end, until `resumeRestarts`. */
  pauseRestarts(): void;
  resumeRestarts(): void;
  /** Ends it for good in this way. */
  leave(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Ends it for good: SIGTERM, and SIGKILL 20 s later. */
  stop(): Promise<void>;
  restarts(): number;
  /** What it said last before it ended without having been told to. */
  unexpectedExits(): string[];
}

export interface KeepRunningOptions {
  name: string;
  start: () => HeadwayProcess;
  /** The log line that says it is up. */
  up: RegExp;
}

const RESTART_AFTER_MS = 1_000;
const STOP_LIMIT_MS = 20_000;

/** Starts it, and again whenever it has ended. */
export function keepRunning({ name, start, up }: KeepRunningOptions): KeptProcess {
  let current: HeadwayProcess;
  let currentUp: Promise<boolean>;
  let nextStart: Promise<void> = Promise.resolve();
  let endIsExpected = false;
  let paused: Promise<void> | undefined;
  let resume = () => {};
  let over = false;
  let restarts = 0;
  const exits: string[] = [];
  begin();

  const kept: KeptProcess = {
    name,
    async isUp() {
      while (!over) {
        await nextStart;
        const seen = currentUp;
        if (await seen) return;
        // It ended before it was up: another one will be.
        await current.ended;
      }
    },
    async kill(signal) {
      endIsExpected = true;
      signalTo(current.pid, signal);
      // A frozen one would sleep through its SIGTERM.
      signalTo(current.pid, 'SIGCONT');
      await current.ended;
    },
    freeze: () => signalTo(current.pid, 'SIGSTOP'),
    thaw: () => signalTo(current.pid, 'SIGCONT'),
    pauseRestarts() {
      paused ??= new Promise((resolve) => (resume = resolve));
    },
    resumeRestarts() {
      paused = undefined;
      resume();
    },
    async leave(signal) {
      over = true;
      await kept.kill(signal);
    },
    async stop() {
      over = true;
      kept.resumeRestarts();
      await nextStart;
      const gone = kept.kill('SIGTERM');
      if ((await Promise.race([gone, delay(STOP_LIMIT_MS, 'late')])) !== 'late') return;
      exits.push(`${name} did not stop within ${STOP_LIMIT_MS / 1_000} s of SIGTERM`);
      await kept.kill('SIGKILL');
    },
    restarts: () => restarts,
    unexpectedExits: () => exits,
  };
  return kept;

  function begin(): void {
    endIsExpected = false;
    const one = (current = start());
    currentUp = one.logged(up).then(
      () => true,
      () => false,
    );
    void one.ended.then(({ code, signal }) => {
      if (!endIsExpected) exits.push(`${name} ended (${signal ?? code}): ${one.log().slice(-1_000)}`);
      if (!over) nextStart = again();
    });
  }

  async function again(): Promise<void> {
    await delay(RESTART_AFTER_MS);
    await paused;
    if (over) return;
    restarts++;
    begin();
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
