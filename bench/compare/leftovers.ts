import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessTable, treeOf, type ProcessRow } from './process-table';

export interface Leftovers {
  /** Ends, by their pids, the processes below this one that have come since and still run. Resolves with what had to be ended: command lines. */
  end(): Promise<string[]>;
}

/** What was told to end may take so long to be gone. */
const GRACE_MS = 5_000;

/** Remembers what runs below this process, so that whatever a run leaves behind can be told from it. */
export function rememberProcesses(graceMs = GRACE_MS): Leftovers {
  const keyOf = ({ pid, startTime }: ProcessRow) => `${pid}-${startTime}`;
  const seen = new Map<string, number>();
  const below = () => treeOf(readProcessTable(), [process.pid]);
  const before = new Set(below().map(keyOf));
  const look = () => {
    for (const row of below()) if (!before.has(keyOf(row))) seen.set(keyOf(row), row.pid);
  };
  // A child whose parent was killed is no longer below this process, so it must have been seen before.
  const timer = setInterval(look, 1_000);
  timer.unref();
  const alive = () => {
    const table = readProcessTable();
    return [...seen].flatMap(([key, pid]) => {
      const row = table.get(pid);
      return row && keyOf(row) === key ? [pid] : [];
    });
  };
  return {
    async end() {
      clearInterval(timer);
      look();
      const giveUpAt = performance.now() + graceMs;
      while (alive().length > 0 && performance.now() < giveUpAt) await delay(50);
      const left = alive();
      const commands = left.map(commandOf);
      for (const pid of left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was faster.
        }
      }
      return commands;
    },
  };
}

/** Its beginning, without the folders, which are those of this machine. */
function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // Of Java's options none says what it is.
    const telling = words.filter((word) => !/^-[XD]/.test(word)).map((word) => word.replace(/\S*\//g, ''));
    return telling.join(' ').trim().slice(0, 120) || `process ${pid}`;
  } catch {
    return `process ${pid}`;
  }
}
