import { readFileSync } from 'node:fs';
import { middleOf } from '../spread';
import { readProcessTable, treeOf } from '../../compare/process-table';
import { memoryParts, type MemoryPart, type Point } from './point';

export type Megabytes = Partial<Record<MemoryPart, number>>;

/** Memory at a moment. */
export interface MemorySample {
  /** Calls in flight by then. */
  inFlight: number;
  megabytes: Megabytes;
}

/** What these processes and their children have at the moment; parts without a process are left out. */
export function readMemory(pids: Partial<Record<MemoryPart, number[]>>): Megabytes {
  const table = readProcessTable();
  const parts = memoryParts.flatMap((part) => {
    const rows = treeOf(table, pids[part] ?? []);
    return rows.length === 0
      ? []
      : [[part, rows.reduce((sum, row) => sum + bytesOf(row), 0) / 2 ** 20] as const];
  });
  return Object.fromEntries(parts);
}

/**
 * Memory while the most calls were in flight: the median of the samples that had nearly as many as the one with most.
 *
 * @throws Error without a sample
 */
export function compareMemory(before: Megabytes, samples: readonly MemorySample[]): Point['megabytes'] {
  const most = Math.max(...samples.map(({ inFlight }) => inFlight));
  const those = samples.filter(({ inFlight }) => inFlight >= 0.98 * most);
  if (those.length === 0) throw new Error('nobody looked at the memory while calls were in flight');
  const parts = memoryParts.flatMap((part) => {
    const [own, then] = [before[part], those.flatMap(({ megabytes }) => megabytes[part] ?? [])];
    return own === undefined || then.length === 0
      ? []
      : [[part, { before: own, inFlight: middleOf(then) }] as const];
  });
  return Object.fromEntries(parts);
}

/** A page that several processes share counts once over all of them, since the children of PostgreSQL share most. Where that is not told: resident memory. */
function bytesOf({ pid, residentBytes }: { pid: number; residentBytes: number }): number {
  try {
    // https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return kilobytes === undefined ? residentBytes : Number(kilobytes) * 1_024;
  } catch {
    return residentBytes;
  }
}
