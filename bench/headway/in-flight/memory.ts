import { middleOf } from '../spread';
import { ownBytes, readProcessTable, treeOf } from '../../compare/process-table';
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
      : [[part, rows.reduce((sum, row) => sum + ownBytes(row), 0) / 2 ** 20] as const];
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
