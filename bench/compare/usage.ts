import { readProcessTable, treeOf, type ProcessRow } from './process-table';

/** Who a process works for. */
export type Part = 'consumers' | 'servers' | 'broker' | 'simulator';

export interface PartUsage {
  cpuMs: number;
  /** Of all its processes together, at the most expensive moment. */
  peakMegabytes: number;
}

export interface UsageMeter<Name extends string = Part> {
  /** Between the start and now. */
  stop(): Record<Name, PartUsage>;
}

const EVERY_MS = 400;

/**
 * Samples CPU and memory of process trees. What a process spends after the last look at it, before it ends, is missed: less than half a
 * second for each that is killed.
 */
export function startUsageMeter<Name extends string = Part>(
  roots: () => Record<Name, number[]>,
  readTable = readProcessTable,
): UsageMeter<Name> {
  const parts = new Map<string, ReturnType<typeof createPart>>();
  const look = () => {
    const table = readTable();
    for (const [name, pids] of Object.entries<number[]>(roots())) {
      const part = parts.get(name) ?? createPart();
      parts.set(name, part);
      part.add(treeOf(table, pids));
    }
  };
  look();
  for (const part of parts.values()) part.begin();
  const timer = setInterval(look, EVERY_MS);
  // Where what is measured fails, nobody stops it.
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      look();
      const usages = [...parts].map(([name, part]) => [name, part.usage()] as const);
      return Object.fromEntries(usages) as Record<Name, PartUsage>;
    },
  };
}

function createPart() {
  const spent = new Map<string, { before: number; now: number }>();
  let peakBytes = 0;
  return {
    add(rows: ProcessRow[]) {
      for (const { pid, startTime, cpuMs } of rows) {
        const key = `${pid}-${startTime}`;
        const known = spent.get(key);
        if (known) known.now = cpuMs;
        else spent.set(key, { before: 0, now: cpuMs });
      }
      peakBytes = Math.max(
        peakBytes,
        rows.reduce((total, { residentBytes }) => total + residentBytes, 0),
      );
    },
    /** What those that run already have spent is not counted. */
    begin() {
      for (const one of spent.values()) one.before = one.now;
    },
    usage: (): PartUsage => ({
      cpuMs: [...spent.values()].reduce((total, { before, now }) => total + now - before, 0),
      peakMegabytes: Math.round(peakBytes / 1_048_576),
    }),
  };
}
