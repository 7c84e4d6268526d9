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
  /** Ends it for good: SIGTERM, and SIGKILL 20 s later. One that has left already stays away. */
  stop(): Promise<void>;
  restarts(): number;
  /** What it said last before it ended without having been told to, and how it ended otherwise than it should when it was stopped. */
  unexpectedExits(): string[];
}

export interface KeepRunningOptions {
  name: string;
  start: () => HeadwayProcess;
  /** The log line that says it is up. */
  up: RegExp;
  /** From SIGTERM to SIGKILL. Default: 20,000 ms. */
  stopLimitMs?: number;
}

const RESTART_AFTER_MS = 1_000;
const STOP_LIMIT_MS = 20_000;

/** Starts it, and again whenever it has ended. */
export function keepRunning({
  name,
  start,
  up,
  stopLimitMs = STOP_LIMIT_MS,
}: KeepRunningOptions): KeptProcess {
  let current: HeadwayProcess;
  let currentUp: Promise<boolean>;
  let nextStart: Promise<void> = Promise.resolve();
  let isAlive = false;
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
      send(signal);
      // A frozen one would sleep through its SIGTERM.
      send('SIGCONT');
      await current.ended;
    },
    freeze: () => send('SIGSTOP'),
    thaw: () => send('SIGCONT'),
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
      if (!isAlive) return;
      const gone = kept.kill('SIGTERM').then(() => current.ended);
      const end = await Promise.race([gone, delay(stopLimitMs, undefined, { ref: false })]);
      if (end?.code === 0) return;
      exits.push(
        end
          ? `${name} ended on SIGTERM with ${end.signal ?? end.code}`
          : `${name} did not stop within ${stopLimitMs / 1_000} s of SIGTERM`,
      );
      await kept.kill('SIGKILL');
    },
    restarts: () => restarts,
    unexpectedExits: () => exits,
  };
  return kept;

  function begin(): void {
    endIsExpected = false;
    const one = (current = start());
    isAlive = true;
    currentUp = one.logged(up).then(
      () => true,
      () => false,
    );
    void one.ended.then(({ code, signal }) => {
      isAlive = false;
      if (!endIsExpected) exits.push(`${name} ended (${signal ?? code}): ${one.log().slice(-1_000)}`);
      if (!over) nextStart = again();
    });
  }

  /** Not to another process that has its pid by now. */
  function send(signal: NodeJS.Signals): void {
    if (isAlive) signalTo(current.pid, signal);
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
