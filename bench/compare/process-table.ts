import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine at the moment. */
export interface ProcessRow {
  pid: number;
  parent: number;
  /** With the pid it names one process for ever, since pids are used again. */
  startTime: string;
  /** User and system time so far. */
  cpuMs: number;
  residentBytes: number;
}

const TICK_MS = 10;
const PAGE_BYTES = 4_096;

/** All processes by pid; empty where there is no `/proc`. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function readProcessTable(): Map<number, ProcessRow> {
  const table = new Map<number, ProcessRow>();
  for (const name of namesIn('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const row = readRow(Number(name));
    if (row) table.set(row.pid, row);
  }
  return table;
}

/** These processes and all that descend from them. */
export function treeOf(table: Map<number, ProcessRow>, roots: Iterable<number>): ProcessRow[] {
  const children = new Map<number, ProcessRow[]>();
  for (const row of table.values()) {
    const siblings = children.get(row.parent);
    if (siblings) siblings.push(row);
    else children.set(row.parent, [row]);
  }
  const found = new Map<number, ProcessRow>();
  const open = [...roots].flatMap((pid) => table.get(pid) ?? []);
  for (let row = open.pop(); row; row = open.pop()) {
    if (found.has(row.pid)) continue;
    found.set(row.pid, row);
    open.push(...(children.get(row.pid) ?? []));
  }
  return [...found.values()];
}

/**
 * What a process has in memory, in bytes, with its part of what it shares with others: PostgreSQL has dozens of processes around the same
 * buffers. All that is resident where the kernel does not say. https://docs.kernel.org/filesystems/proc.html
 */
export function ownBytes({ pid, residentBytes }: ProcessRow): number {
  try {
    const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return found === undefined ? residentBytes : 1_024 * Number(found);
  } catch {
    return residentBytes;
  }
}

function readRow(pid: number): ProcessRow | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the command, which may hold anything: the first field there is number 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => fields[number - 3] ?? '0';
    // A zombie is gone, and only waits for its parent to look.
    if (field(3) === 'Z') return undefined;
    return {
      pid,
      parent: Number(field(4)),
      startTime: field(22),
      cpuMs: (Number(field(14)) + Number(field(15))) * TICK_MS,
      residentBytes: Number(field(24)) * PAGE_BYTES,
    };
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
